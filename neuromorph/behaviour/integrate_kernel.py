"""The run of one hybrid system: events located by steps of part length, jumps, rows, resuming.

Not imported: its text follows the generated equations of a system (see ``generate.py``) and the text of a
solver in one module. A solver provides ``begin``, ``advance``, ``one_step``, ``suspect``, ``longest_step`` and
``write_inside``, and knows alone what ``method`` is.

``here`` is what stays the same in a step: mode, when it was entered [s], start of the present piece of the
stimulus [s], its coefficients, and the parameters.
"""

# What is left of a run, so that it can go on where a full buffer stopped it.
PIECE, MODE, UNDER_WAY, STEP, STEPS, CHAIN, REPEATED = 0, 1, 2, 3, 4, 5, 6
T_ORIGIN, T_NOW, T_ENTERED, T_STEP, T_WISH = 0, 1, 2, 3, 4

DONE, BUFFER_FULL, NO_ALGEBRAIC_SOLUTION, NOT_FINITE, CHATTERING, STEP_TOO_SHORT = 0, 1, 2, 3, 4, 5
MOST_JUMPS_AT_ONE_TIME = 100
MOST_ROWS_IN_STEP = 30


@njit
def equations_at(t, y, z, here):
    """Whether the unknowns could be solved, unknowns, rates, guards and recorded signals at one point."""
    mode, t_entered, t_piece, coefficients, p = here
    return equations(mode, t, t - t_entered, y, stimulus_at(t - t_piece, coefficients), p, z)


@njit
def guard_after(s, guard, t, h, y, f, z, here, method):
    """One guard after a step of the part ``s`` of ``h`` [s]; whether solved, unknowns and states there."""
    ok, z, y = one_step(t, s * h, y, f, z, here, method)
    solved, z, _, g, _ = equations_at(t + s * h, y, z, here)
    return g[guard], ok and solved, z, y


@njit
def highest_in_step(guess, guard, g0, g1, t, h, y, f, z, here, method):
    """Fraction of a step at which a guard is highest, or the first one met at which it is not below zero.

    Tops of parabolas through three points; with the guard, whether solved, unknowns and states there.
    """
    a, ga, b, gb = 0.0, g0, 1.0, g1
    s, gs, new = guess, -math.inf, guess
    for _ in range(12):
        g_new, solved, z_new, y_new = guard_after(new, guard, t, h, y, f, z, here, method)
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
def crossing_in_step(s_high, guard, g0, g1, t, h, y, f, z, y1, z1, here, method):
    """Fraction of a step at which a guard crosses zero, or 2; whether solved, unknowns and states there.

    Found by the solver's own steps of part length, whose states and hence crossings are of the method's full order; those
    of dense output are not.
    """
    solved, z_new, y_new = True, z1, y1
    b, fb = 1.0, g1
    if s_high < 1.0:
        b, fb, solved, z_new, y_new = highest_in_step(s_high, guard, g0, g1, t, h, y, f, z, here, method)
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
            fa, solved, _, _ = guard_after(a, guard, t, h, y, f, z, here, method)
            if fa < 0.0:
                break
        if fa >= 0.0:
            return 0.0, solved, z, y
    # The newest point, the end of the bracket on the other side of zero, and the point before them.
    s, fs, other, f_other, before, f_before = b, fb, a, fa, b, fb
    # A guard that starts at zero but for rounding is near it without crossing.
    resolution, near = 1e-15 + 2e-16 * abs(t) / h, min(1e-12 * (fb - fa), -1e-3 * fa)
    part = fb / (fb - fa)
    for _ in range(100):
        width = other - s
        # How far zero still is shows in the guard: both ends of the bracket need not come close.
        is_close = abs(fs) <= near and abs(fs * width) <= resolution * abs(fs - f_other)
        if fs == 0.0 or is_close or abs(width) <= resolution:
            break
        new = s + part * width
        f_new, solved, z_new, y_new = guard_after(new, guard, t, h, y, f, z, here, method)
        if not solved:
            return new, False, z_new, y_new
        if abs(fs) <= near and abs(f_new) > 0.5 * abs(fs):
            # Nothing but rounding is left of the guard.
            return new, True, z_new, y_new
        if (f_new > 0.0) == (fs > 0.0):
            before, f_before = s, fs
        else:
            before, f_before, other, f_other = other, f_other, s, fs
        s, fs = new, f_new
        part = part_of_bracket(s, fs, other, f_other, before, f_before)
        least = 0.5 * resolution / max(abs(other - s), resolution)
        part = min(max(part, least), 1.0 - least)
    return s, solved, z_new, y_new


@njit
def part_of_bracket(s, fs, other, f_other, before, f_before):
    """How far from the newest point to the other end of the bracket zero is expected.

    By inverse quadratic interpolation where that is monotonous, else the middle (T. R. Chandrupatla, Advances in
    Engineering Software 28 (1997) 145).
    """
    if (before - other) * (f_before - f_other) * (f_before - fs) == 0.0:
        return 0.5
    x, f = (s - other) / (before - other), (fs - f_other) / (f_before - f_other)
    if not (0.0 <= x <= 1.0 and 1.0 - math.sqrt(1.0 - x) < f < math.sqrt(x)):
        return 0.5
    quadratic = (before - s) / (other - s) * (fs / (f_before - fs)) * (f_other / (f_before - f_other))
    return fs / (f_other - fs) * (f_before / (f_other - f_before)) + quadratic


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
def integrate(piece_starts, pieces, t_stop, method, y_array, z_array, p_array, where, clock, times, out, spikes):
    """Integrate until ``t_stop`` [s] or until a buffer is full; all state is in the arrays.

    Parameters
    ----------
    piece_starts : ndarray, shape (n_pieces,) [s]
        Starts of the smooth pieces of the stimuli.
    pieces : ndarray, shape (n_pieces, n_inputs, 5)
        Offset, slope, amplitude, angular frequency and phase of each input in each piece.
    method
        What the solver needs.
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
    room, spike_room = times.shape[0] - MOST_ROWS_IN_STEP - 4, spikes.shape[0] - 1
    suspects = np.empty(N_GUARDS)
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
        fired, since_step = none, 0.0
        if where[UNDER_WAY] == 0:
            n = write_row(times, out, n, t, seen)
            for i in range(N_GUARDS - 1, -1, -1):
                # A jump back into the same mode leaves its guard at zero, more or less: it must fall first.
                if g[i] >= 0.0 and i != where[REPEATED]:
                    fired = i
            if fired < 0 and t >= end:
                where[PIECE] += 1
                continue
            begin(t, end, mode, method, where, clock)
            where[UNDER_WAY] = 1

        while fired < 0 and t < end and n < room:
            status, t_next, h, z1, y1 = advance(t, end, y, f, z, here, method, where, clock)
            if status != DONE:
                break
            solved, z1, f1, g1, seen = equations_at(t_next, y1, z1, here)
            if not (solved and suspect(suspects, t, h, y, f, g, y1, f1, g1, z1, here, method)):
                status = NO_ALGEBRAIC_SOLUTION
                break
            s_fired, y_fired, z_fired = 2.0, y1, z1
            for i in range(N_GUARDS):
                s = suspects[i]
                if s <= 1.0:
                    s, solved, z_s, y_s = crossing_in_step(s, i, g[i], g1[i], t, h, y, f, z, y1, z1, here, method)
                    if not solved:
                        status = NO_ALGEBRAIC_SOLUTION
                    if s < s_fired:
                        fired, s_fired, y_fired, z_fired = i, s, y_s, z_s
            n = write_inside(times, out, n, min(s_fired, 1.0), t, h, y, y1, z1, here, method)
            if fired >= 0:
                since_step = s_fired * h
                t, y, z = t + since_step, y_fired, z_fired
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
            where[CHAIN] = where[CHAIN] + 1 if since_step <= 1e-9 * longest_step(mode, method) else 0
            u = stimulus_at(t - piece_starts[piece], here[3])
            old_mode = mode
            mode, is_spike, y = jump(mode, fired, t, t - t_entered, y, u, p, z)
            where[REPEATED] = fired if mode == old_mode else none
            t_entered = t
            if is_spike:
                spikes[n_spikes] = t
                n_spikes += 1
            where[UNDER_WAY] = 0
        elif t >= end:
            where[UNDER_WAY] = 0
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
