"""The classical Runge-Kutta method for lanes: a step for all, and steps with located events for one.

Not imported: its text follows the generated functions of a system (see ``lanes.py``), and those of ``rk4_kernel.py`` and
``integrate_kernel.py``, which locate events, follow it.
"""

QUIET, MOST_JUMPS_IN_STEP = 0, 100


@inlined
def inputs_at(since, u):
    """Inputs at a time since the start of the step [s]."""
    return stimulus_at(since, u)


@inlined
def stays_below_zero(g0, g2, g3, g1):
    """Whether a guard that is below zero at the ends of a step surely is so within it: its values at the four stages."""
    # Forward and backward half steps err to opposite sides, so their mean is the middle to third order.
    middle_guard = 0.5 * (g2 + g3)
    slope, bend = 4.0 * middle_guard - 3.0 * g0 - g1, 2.0 * (g0 - 2.0 * middle_guard + g1)
    top_is_inside = (bend < 0.0) & (slope > 0.0) & (slope < -2.0 * bend)
    # The top of the parabola, times 4 bend: without a division.
    near = 4.0 * bend * g0 - slope * slope < 0.4 * bend * bend
    return (middle_guard < 0.0) & (not (top_is_inside & near))


@inlined
def quiet_step(mode, t_entered, t, t_end, h, y, u, p, z, scales, rtol):
    """One step without an event: whether there surely was none and its estimated error is allowed, states and unknowns."""
    since, half = t - t_entered, 0.5 * h
    u_middle, u_end = stimulus_at(half, u), stimulus_at(h, u)
    ok1, z, k1, g0, _ = equations(mode, t, since, y, stimulus_at(0.0, u), p, z)
    ok2, z, k2, g2, _ = equations(mode, t + half, since + half, shift(y, half, k1), u_middle, p, z)
    ok3, z, k3, g3, _ = equations(mode, t + half, since + half, shift(y, half, k2), u_middle, p, z)
    ok4, z, k4, _, _ = equations(mode, t_end, since + h, shift(y, h, k3), u_end, p, z)
    y1 = rk4_sum(y, h, k1, k2, k3, k4)
    ok5, z, g1 = guards(mode, t_end, since + h, y1, u_end, p, z)
    quiet = all_below_zero(g0) and all_below_zero(g1) and rk4_error(y, y1, h, k1, k2, k3, k4, scales) <= rtol
    if N_SOLVED > 0:
        quiet = quiet and ok1 and ok2 and ok3 and ok4 and ok5
    for i in range(N_GUARDS):
        quiet = quiet & stays_below_zero(g0[i], g2[i], g3[i], g1[i])
    return quiet, y1, z


@plain
def allowed_step(t, h, shortest, y, f, z, here, control):
    """Whether the unknowns could be solved, unknowns and states after a step, its length and that of the next one [s].

    The step is ``h`` [s] long, or shorter where its estimated error demands it. ``control`` is the relative tolerance and the
    scales of the states.
    """
    rtol, scales = control[0], pack_states(control[1:])
    while True:
        solved, z1, y1, error = tried_step(t, h, y, f, z, here, scales)
        if not solved or error <= rtol or h <= shortest:
            return solved, z1, y1, h, 2.0 * h if error < 0.05 * rtol else h
        h = shorter_step(h, error / rtol)


@plain
def finish_step(tile, i, t, t_end, h, u, p, control, spike_times, spike_lanes, n_spikes, suspects):
    """One lane over one step with all its events, in shorter ones where need be; status and number of spikes so far."""
    mode, t_entered, t_piece = tile[MODES + i], tile[ENTERED + i], t
    y, z = kept_states(tile, i), kept_unknowns(tile, i)
    repeated, jumps, next_step = -1, 0, h
    # What the pass has found for all lanes holds up to the first jump; but unknowns may not have been solved.
    is_known = N_SOLVED == 0
    while True:
        here, rest = (mode, t_entered, t_piece, u, p), t_end - t
        if is_known:
            solved, f, g = True, first_rates(tile, i), first_guards(tile, i)
        else:
            solved, z, f, g, _ = equations_at(t, y, z, here)
        fired = -1
        for j in range(N_GUARDS - 1, -1, -1):
            if g[j] >= 0.0 and j != repeated:
                fired = j
        if not solved:
            status = NO_ALGEBRAIC_SOLUTION
            break
        if fired < 0:
            if rest <= 0.0:
                status = QUIET
                break
            step = rest
            if CONTROLS_ERROR:
                solved, z1, y1, step, next_step = allowed_step(
                    t, min(next_step, rest), SHORTEST * h, y, f, z, here, control
                )
            elif is_known:
                z1, y1 = z, states_of(tile, i)
            else:
                solved, z1, y1 = one_step(t, rest, y, f, z, here, 0)
            is_known = False
            t_next = t + step if step < rest else t_end
            solved_there, z1, f1, g1, _ = equations_at(t_next, y1, z1, here)
            if not (solved and solved_there):
                status = NO_ALGEBRAIC_SOLUTION
                break
            if not all_finite(y1):
                status = NOT_FINITE
                break
            suspect(suspects, t, step, y, f, g, y1, f1, g1, z1, here, 0)
            s_fired, y_fired, z_fired = 2.0, y1, z1
            for j in range(N_GUARDS):
                s = suspects[j]
                if s <= 1.0:
                    s, solved, z_s, y_s = crossing_in_step(s, j, g[j], g1[j], t, step, y, f, z, y1, z1, here, 0)
                    if s < s_fired:
                        fired, s_fired, y_fired, z_fired = j, s, y_s, z_s
            y, z = y_fired, z_fired
            t = min(t + s_fired * step, t_next) if fired >= 0 else t_next
            if fired < 0 and t >= t_end:
                status = QUIET
                break
            if fired < 0:
                repeated = -1
                continue
        if jumps == MOST_JUMPS_IN_STEP:
            status = CHATTERING
            break
        jumps += 1
        is_known, u_now = False, stimulus_at(t - t_piece, u)
        target, is_spike, y = jump(mode, fired, t, t - t_entered, y, u_now, p, z, (0.0,))
        repeated = fired if mode == target else -1
        mode, t_entered = float(target), t
        if is_spike:
            spike_times[n_spikes], spike_lanes[n_spikes] = t, i
            n_spikes += 1
    tile[MODES + i], tile[ENTERED + i] = mode, t_entered
    put_states(tile, i, y)
    put_unknowns(tile, i, z)
    return status, n_spikes
