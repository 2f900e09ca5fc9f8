"""A step of the classical Runge-Kutta method for a block of lanes, stage by stage.

Not imported: its text follows that of ``rk4_lanes_kernel.py`` (see ``lanes.py``). A loop for each stage keeps the chains of
operations short enough for the processor to work on several lanes at once; one loop for all takes half as long again.
"""

STEPS_PER_PASS = 1


@inlined
def stage(tile, i, t, u, p):
    """Rates and guards at the present states of a lane, whose unknowns move on; whether all has been solved so far."""
    ok, z, f, g, _ = equations(
        tile[MODES + i], t, t - tile[ENTERED + i], states_of(tile, i), u, p, unknowns_of(tile, i)
    )
    put_unknowns(tile, i, z)
    if N_SOLVED > 0:
        tile[UNSOLVED + i] += 0.0 if ok else 1.0
    return f, g


@inlined
def quiet_pass(tile, lanes, together, here, events):
    """One step of a tile's first lanes; notes by block which of them may have had an event, and whether any had."""
    k, times, h, shared, own, p, control, _, _, _ = here
    t, t_end, half, seen = times[k], times[k + 1], 0.5 * h, U0
    rtol, scales = control[0], pack_states(control[1:])
    for block in range(WIDTH // BLOCK):
        start = block * BLOCK
        if start >= lanes:
            break
        for i in range(start, start + BLOCK):
            y, u = states_of(tile, i), stimulus_at(0.0, inputs_of(shared, own, k, tile, i))
            keep(tile, i, y, unknowns_of(tile, i))
            if N_SOLVED > 0:
                tile[UNSOLVED + i] = 0.0
            f, g = stage(tile, i, t, u, constants_of(tile, i, p))
            put_first_rates(tile, i, f)
            put_first_guards(tile, i, g)
            put_states(tile, i, shift(y, half, f))
        for i in range(start, start + BLOCK):
            u = stimulus_at(half, inputs_of(shared, own, k, tile, i))
            f, g = stage(tile, i, t + half, u, constants_of(tile, i, p))
            put_second_rates(tile, i, f)
            put_second_guards(tile, i, g)
            put_states(tile, i, shift(kept_states(tile, i), half, f))
        for i in range(start, start + BLOCK):
            u = stimulus_at(half, inputs_of(shared, own, k, tile, i))
            f, g = stage(tile, i, t + half, u, constants_of(tile, i, p))
            put_third_rates(tile, i, f)
            put_third_guards(tile, i, g)
            put_states(tile, i, shift(kept_states(tile, i), h, f))
        noted = U0
        for i in range(start, start + BLOCK):
            u, c = stimulus_at(h, inputs_of(shared, own, k, tile, i)), constants_of(tile, i, p)
            f, _ = stage(tile, i, t_end, u, c)
            y = rk4_sum(kept_states(tile, i), h, first_rates(tile, i), second_rates(tile, i), third_rates(tile, i), f)
            solved, z, g1 = guards(tile[MODES + i], t_end, t_end - tile[ENTERED + i], y, u, c, unknowns_of(tile, i))
            quiet = solved and (N_SOLVED == 0 or tile[UNSOLVED + i] == 0.0)
            g0, g2, g3 = first_guards(tile, i), second_guards(tile, i), third_guards(tile, i)
            quiet = quiet & all_below_zero(g0) & all_below_zero(g1)
            if CONTROLS_ERROR:
                k1, k2, k3 = first_rates(tile, i), second_rates(tile, i), third_rates(tile, i)
                quiet = quiet & (rk4_error(kept_states(tile, i), y, h, k1, k2, k3, f, scales) <= rtol)
            for j in range(N_GUARDS):
                quiet = quiet & stays_below_zero(g0[j], g2[j], g3[j], g1[j])
            put_unknowns(tile, i, z)
            put_states(tile, i, y)
            noted |= bit_unless(quiet, i - start)
        events[block] = noted
        seen |= noted
    return seen


@inlined
def finish_pass(tile, i, together, here, whose, count, key, spike_times, spike_lanes, n_spikes, suspects):
    """Make the step again for a lane that may have an event in it: status, steps made, number of spikes so far."""
    k, times, h, shared, own, p, control, _, _, _ = here
    u, c = inputs_of(shared, own, k, tile, i), constants_of(tile, i, p)
    status, n_spikes = finish_step(
        tile, i, times[k], times[k + 1], h, u, c, control, spike_times, spike_lanes, n_spikes, suspects
    )
    return status, 0, n_spikes
