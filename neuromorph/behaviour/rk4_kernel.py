"""The classical Runge-Kutta method for one hybrid system.

Not imported: its text follows the generated equations of a system in one module (see ``generate.py``),
where ``equations``, ``jump``, ``stimulus_at`` and the arithmetic of tuples are found. Every smooth piece of
the stimulus is divided into equal steps anew after each event, so that no step straddles a jump and the
method keeps its order.

``here`` is what stays the same in a step: mode, when it was entered [s], start of the present piece of the
stimulus [s], its coefficients, and the parameters.
"""

# What is left of a run, so that it can go on where a full buffer stopped it.
PIECE, MODE, STEP, STEPS, CHAIN, REPEATED = 0, 1, 2, 3, 4, 5
T_ORIGIN, T_NOW, T_ENTERED = 0, 1, 2

DONE, BUFFER_FULL, NO_ALGEBRAIC_SOLUTION, NOT_FINITE, CHATTERING = 0, 1, 2, 3, 4
MOST_JUMPS_AT_ONE_TIME = 100


@njit
def equations_at(t, y, z, here):
    """Whether the unknowns could be solved, unknowns, rates, guards and recorded signals at one point."""
    mode, t_entered, t_piece, coefficients, p = here
    return equations(mode, t, t - t_entered, y, stimulus_at(t - t_piece, coefficients), p, z)


@njit
def rk4_step(t, h, y, k1, z, here):
    """Whether the unknowns could be solved, unknowns and states after one step of ``h`` [s]."""
    ok2, z, k2, _, _ = equations_at(t + 0.5 * h, shift(y, 0.5 * h, k1), z, here)
    ok3, z, k3, _, _ = equations_at(t + 0.5 * h, shift(y, 0.5 * h, k2), z, here)
    ok4, z, k4, _, _ = equations_at(t + h, shift(y, h, k3), z, here)
    return ok2 and ok3 and ok4, z, rk4_sum(y, h, k1, k2, k3, k4)


@njit
def suspected_rise(g0, gm, g1):
    """Fraction of a step at which a guard seems to have become positive, or 2.

    ``g0``, ``gm`` and ``g1`` are its values at the start, in the middle and at the end. The top of the
    parabola through them is looked at too, since a guard may rise and fall again within a step.
    """
    if gm >= 0.0:
        return 0.5
    if g1 >= 0.0:
        return 1.0
    slope, bend = 4.0 * gm - 3.0 * g0 - g1, 2.0 * (g0 - 2.0 * gm + g1)
    # The parabola is off by a third derivative, so a near miss is worth a closer look.
    if bend < 0.0 < slope < -2.0 * bend and g0 - 0.25 * slope * slope / bend > 0.1 * bend:
        return -0.5 * slope / bend
    return 2.0


@njit
def guard_after(s, guard, t, h, y, f, z, here):
    """One guard after a step of the part ``s`` of ``h`` [s]; whether solved, unknowns and states there."""
    ok, z, y = rk4_step(t, s * h, y, f, z, here)
    solved, z, _, g, _ = equations_at(t + s * h, y, z, here)
    return g[guard], ok and solved, z, y


@njit
def highest_in_step(guess, guard, g0, g1, t, h, y, f, z, here):
    """Fraction of a step at which a guard is highest, or the first one met at which it is not below zero.

    Tops of parabolas through three points; with the guard, whether solved, unknowns and states there.
    """
    a, ga, b, gb = 0.0, g0, 1.0, g1
    s, gs, new = guess, -math.inf, guess
    for _ in range(12):
        g_new, solved, z_new, y_new = guard_after(new, guard, t, h, y, f, z, here)
        if g_new > gs:
            if new > s:
                a, ga = s, gs
            elif new < s:
                b, gb = s, gs
            s, gs = new, g_new
        elif new > s:
            b, gb = new, g_new
        else:
            a, ga = new, g_new
        left, right = (s - a) * (gs - gb), (s - b) * (gs - ga)
        if gs >= 0.0 or left == right:
            break
        new = s - 0.5 * ((s - a) * left - (s - b) * right) / (left - right)
        if not a < new < b or new == s:
            break
    return s, gs, solved, z_new, y_new


@njit
def crossing_in_step(s_high, guard, g0, g1, t, h, y, f, z, y1, z1, here):
    """Fraction of a step at which a guard crosses zero, or 2; whether solved, unknowns and states there.

    Found by Runge-Kutta steps of part length (Illinois method on the length), whose states and hence
    crossings are of the method's full order; those of dense output are not.
    """
    solved, z_new, y_new = True, z1, y1
    b, fb = 1.0, g1
    if s_high < 1.0:
        b, fb, solved, z_new, y_new = highest_in_step(s_high, guard, g0, g1, t, h, y, f, z, here)
        if fb < 0.0:
            b, fb, z_new, y_new = 1.0, g1, z1, y1
    if fb < 0.0:
        return 2.0, solved, z_new, y_new
    a, fa = 0.0, g0
    if fa >= 0.0:
        # It has just fired, and is at zero but for rounding: look for where it has fallen below.
        a = b
        for _ in range(40):
            a *= 0.5
            fa, solved, _, _ = guard_after(a, guard, t, h, y, f, z, here)
            if fa < 0.0:
                break
        if fa >= 0.0:
            return 0.0, solved, z, y
    s, side = b, 0
    resolution = 1e-15 + 2e-16 * abs(t) / h
    for _ in range(100):
        if fb == 0.0 or b - a <= resolution:
            break
        s = (a * fb - b * fa) / (fb - fa)
        # Bisection where one end of the bracket does not move.
        if abs(side) > 2 or not a < s < b:
            s = 0.5 * (a + b)
        fs, solved, z_new, y_new = guard_after(s, guard, t, h, y, f, z, here)
        if fs == 0.0 or not solved:
            break
        if fs > 0.0:
            fa *= 0.5 if side > 0 else 1.0
            b, fb, side = s, fs, side + 1 if side > 0 else 1
        else:
            fb *= 0.5 if side < 0 else 1.0
            a, fa, side = s, fs, side - 1 if side < 0 else -1
    return s, solved, z_new, y_new


@njit
def steps_between(t, end, longest):
    """Number of equal steps, none above the longest [s] but for rounding, that fill a time."""
    return 1 + int((end - t) / longest * (1.0 - 1e-12)) if end > t else 1


@njit
def write_row(times, rows_out, n, t, values):
    """Append a row, unless it says again what the last one says."""
    new = n == 0 or times[n - 1] != t
    times[n] = t
    for i in range(N_OBSERVED):
        new = new or rows_out[n - 1, i] != values[i]
        rows_out[n, i] = values[i]
    return n + 1 if new else n


@kernel
def integrate(piece_starts, pieces, t_stop, steps_of_mode, y_array, z_array, p_array, where, clock, times, out, spikes):
    """Integrate until ``t_stop`` [s] or until a buffer is full; all state is in the arrays.

    Parameters
    ----------
    piece_starts : ndarray, shape (n_pieces,) [s]
        Starts of the smooth pieces of the stimuli.
    pieces : ndarray, shape (n_pieces, n_inputs, 5)
        Offset, slope, amplitude, angular frequency and phase of each input in each piece.
    steps_of_mode : ndarray, shape (n_modes,) [s]
        Longest time step in each mode.
    y_array, z_array, p_array : ndarray
        States, unknowns (guesses) and parameters; the first two are moved forward.
    where : ndarray of int64; clock : ndarray [s]
        Position of the run, moved forward.
    times, out, spikes : ndarray
        Buffers to fill.

    Returns
    -------
    status, n_rows, n_spikes : int
        Status, and how much of the buffers is filled.
    """
    y, z, p = pack_states(y_array), pack_unknowns(z_array), constants(p_array)
    mode, t_entered = where[MODE], clock[T_ENTERED]
    # Not literals: the functions that take them would be compiled twice.
    n, n_spikes, none = np.int64(0), np.int64(0), np.int64(-1)
    room, spike_room = times.shape[0] - 4, spikes.shape[0] - 1
    status = DONE
    while where[PIECE] < piece_starts.shape[0]:
        piece = where[PIECE]
        end = piece_starts[piece + 1] if piece + 1 < piece_starts.shape[0] else t_stop
        here = (mode, t_entered, piece_starts[piece], piece_coefficients(pieces, piece), p)
        t = clock[T_NOW]
        solved, z, f, g, seen = equations_at(t, y, z, here)
        if not solved:
            status = NO_ALGEBRAIC_SOLUTION
            break

        # At the start of the run, of a piece, and after a jump: a row, and steps that fit what lies ahead.
        fired, s_fired = none, 0.0
        if where[STEPS] == 0:
            n = write_row(times, out, n, t, seen)
            for i in range(N_GUARDS - 1, -1, -1):
                # A jump back into the same mode leaves its guard at zero, more or less: it must fall first.
                if g[i] >= 0.0 and i != where[REPEATED]:
                    fired = i
            if fired < 0 and t >= end:
                where[PIECE] += 1
                continue
            where[STEPS] = steps_between(t, end, steps_of_mode[mode])
            where[STEP] = 0
            clock[T_ORIGIN] = t
        h = (end - clock[T_ORIGIN]) / where[STEPS]

        while fired < 0 and where[STEP] < where[STEPS] and n < room:
            t_next = end if where[STEP] + 1 == where[STEPS] else clock[T_ORIGIN] + (where[STEP] + 1) * h
            solved, z1, y1 = rk4_step(t, h, y, f, z, here)
            if not (solved and all_finite(y1)):
                status = NOT_FINITE if solved else NO_ALGEBRAIC_SOLUTION
                break
            solved, z1, f1, g1, seen = equations_at(t_next, y1, z1, here)
            solved_middle, _, _, gm, _ = equations_at(t + 0.5 * h, middle(h, y, f, y1, f1), z1, here)
            if not (solved and solved_middle):
                status = NO_ALGEBRAIC_SOLUTION
                break
            s_fired, y_fired, z_fired = 2.0, y1, z1
            for i in range(N_GUARDS):
                s = suspected_rise(g[i], gm[i], g1[i])
                if s <= 1.0:
                    s, solved, z_s, y_s = crossing_in_step(s, i, g[i], g1[i], t, h, y, f, z, y1, z1, here)
                    if not solved:
                        status = NO_ALGEBRAIC_SOLUTION
                    if s < s_fired:
                        fired, s_fired, y_fired, z_fired = i, s, y_s, z_s
            if fired >= 0:
                t, y, z = t + s_fired * h, y_fired, z_fired
                t = end if t > end else t
            else:
                t, y, z, f, g = t_next, y1, z1, f1, g1
                where[STEP] += 1
                where[CHAIN], where[REPEATED] = 0, -1
                n = write_row(times, out, n, t, seen)

        clock[T_NOW] = t
        if status != DONE:
            break
        if fired >= 0:
            _, z, _, _, seen = equations_at(t, y, z, here)
            n = write_row(times, out, n, t, seen)
            # Events that follow each other without any time between them are chattering; close ones are not.
            where[CHAIN] = where[CHAIN] + 1 if s_fired * h <= 1e-9 * steps_of_mode[mode] else 0
            u = stimulus_at(t - piece_starts[piece], here[3])
            old_mode = mode
            mode, is_spike, y = jump(mode, fired, t, t - t_entered, y, u, p, z)
            where[REPEATED] = fired if mode == old_mode else none
            t_entered = t
            if is_spike:
                spikes[n_spikes] = t
                n_spikes += 1
            where[STEPS] = 0
        elif where[STEP] == where[STEPS]:
            where[STEPS] = 0
            where[PIECE] += 1
        if where[CHAIN] > MOST_JUMPS_AT_ONE_TIME:
            status = CHATTERING
            break
        if n >= room or n_spikes >= spike_room:
            status = BUFFER_FULL
            break

    where[MODE], clock[T_ENTERED] = mode, t_entered
    for i in range(N_STATES):
        y_array[i] = y[i]
    for i in range(len(z)):
        z_array[i] = z[i]
    return status, n, n_spikes
