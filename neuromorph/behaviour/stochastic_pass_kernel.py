"""Steps of a stochastic method for a block of lanes: one, or four that one block of random numbers serves.

Not imported: its text follows that of ``stochastic_kernel.py`` (see ``lanes.py``). Four steps at once leave what belongs to a
lane in the processor's registers. Lanes that may have had an event make their steps anew, each by itself.
"""

STEPS_PER_PASS = 4


@inlined
def quiet_pass(tile, lanes, together, here, events):
    """One step or four of a tile's first lanes; notes by block which of them may have had an event, and whether any had."""
    k, times, h, shared, own, p, _, scale, normals, first = here
    seen, n = U0, N_NOISE * WIDTH
    t0, t1 = times[k], times[k + 1]
    if together == 1:
        for block in range(WIDTH // BLOCK):
            start = block * BLOCK
            if start >= lanes:
                break
            noted = U0
            for i in range(start, start + BLOCK):
                mode, t_entered, c = tile[MODES + i], tile[ENTERED + i], constants_of(tile, i, p)
                y, z = states_of(tile, i), unknowns_of(tile, i)
                keep(tile, i, y, z)
                u, w = inputs_of(shared, own, k, tile, i), increments_of(scale, normals, first, i)
                quiet, y, z = quiet_step(mode, t_entered, t0, t1, h, y, u, c, z, w)
                put_states(tile, i, y)
                put_unknowns(tile, i, z)
                noted |= bit_unless(quiet, i - start)
            events[block] = noted
            seen |= noted
        return seen
    t2, t3, t4 = times[k + 2], times[k + 3], times[k + 4]
    for block in range(WIDTH // BLOCK):
        start = block * BLOCK
        if start >= lanes:
            break
        noted = U0
        for i in range(start, start + BLOCK):
            mode, t_entered, c = tile[MODES + i], tile[ENTERED + i], constants_of(tile, i, p)
            y, z = states_of(tile, i), unknowns_of(tile, i)
            keep(tile, i, y, z)
            u, w = inputs_of(shared, own, k, tile, i), increments_of(scale, normals, first, i)
            quiet0, y, z = quiet_step(mode, t_entered, t0, t1, h, y, u, c, z, w)
            u, w = inputs_of(shared, own, k + 1, tile, i), increments_of(scale, normals, first + n, i)
            quiet1, y, z = quiet_step(mode, t_entered, t1, t2, h, y, u, c, z, w)
            u, w = inputs_of(shared, own, k + 2, tile, i), increments_of(scale, normals, first + 2 * n, i)
            quiet2, y, z = quiet_step(mode, t_entered, t2, t3, h, y, u, c, z, w)
            u, w = inputs_of(shared, own, k + 3, tile, i), increments_of(scale, normals, first + 3 * n, i)
            quiet3, y, z = quiet_step(mode, t_entered, t3, t4, h, y, u, c, z, w)
            put_states(tile, i, y)
            put_unknowns(tile, i, z)
            noted |= bit_unless(quiet0 & quiet1 & quiet2 & quiet3, i - start)
        events[block] = noted
        seen |= noted
    return seen


@inlined
def settled_step(mode, t_entered, jumps, t, t_end, h, y, u, p, z, w):
    """One step on the grid with at most one jump, at its end, without branches; whether that was surely all of it."""
    quiet, y1, z1 = quiet_step(mode, t_entered, t, t_end, h, y, u, p, z, w)
    _, _, g1 = guards(mode, t_end, t_end + CLOCK_SLACK * h - t_entered, y1, u, p, z1)
    target, is_spike, y2 = jump_by_guards(mode, t_end, t_end - t_entered, y1, u, p, z1, g1)
    _, _, g2 = guards(target, t_end, 0.0, y2, u, p, z1)
    settled = quiet | (not all_below_zero(g1)) & all_below_zero(g2) & all_finite(y2)
    if GUARDS_MAY_JUMP:
        _, _, g = guards(mode, t, t - t_entered, y, u, p, z)
        settled = settled & all_below_zero(g)
    return settled, is_spike, target, t_entered if quiet else t_end, jumps if quiet else jumps + 1.0, y2, z1


@inlined
def finish_pass(tile, i, together, here, whose, count, key, spike_times, spike_lanes, n_spikes, suspects):
    """Make the steps again for a lane that may have an event in them: status, steps made, number of spikes so far."""
    k, times, h, shared, own, p, _, scale, normals, first = here
    c, n = constants_of(tile, i, p), N_NOISE * WIDTH
    if JUMPS_WITHOUT_BRANCHES and together == STEPS_PER_PASS:
        # Which step has the event, and which event it is, are what the processor cannot foresee.
        mode, t_entered, jumps, y, z = tile[MODES + i], tile[ENTERED + i], tile[JUMPS + i], kept_states(tile, i), (0.0,)
        found, all_settled = n_spikes, True
        for q in range(STEPS_PER_PASS):
            u, w = inputs_of(shared, own, k + q, tile, i), increments_of(scale, normals, first + q * n, i)
            settled, is_spike, mode, t_entered, jumps, y, z = settled_step(
                mode, t_entered, jumps, times[k + q], times[k + q + 1], h, y, u, c, z, w
            )
            spike_times[found], spike_lanes[found] = times[k + q + 1], i
            found += int(is_spike)
            all_settled = all_settled & settled
        if all_settled:
            tile[MODES + i], tile[ENTERED + i], tile[JUMPS + i] = mode, t_entered, jumps
            put_states(tile, i, y)
            return QUIET, STEPS_PER_PASS, found
    y, z = kept_states(tile, i), kept_unknowns(tile, i)
    for q in range(together):
        u, w = inputs_of(shared, own, k + q, tile, i), increments_of(scale, normals, first + q * n, i)
        t, t_end = times[k + q], times[k + q + 1]
        quiet, y1, z1 = quiet_step(tile[MODES + i], tile[ENTERED + i], t, t_end, h, y, u, c, z, w)
        if quiet:
            y, z = y1, z1
        else:
            status, n_spikes, y, z = finish_step(
                tile, i, t, t_end, h, y, z, u, c, w, whose, count + q, key, spike_times, spike_lanes, n_spikes
            )
            if status != QUIET:
                return status, q, n_spikes
    put_states(tile, i, y)
    put_unknowns(tile, i, z)
    return QUIET, together, n_spikes
