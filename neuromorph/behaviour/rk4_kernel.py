"""The classical Runge-Kutta method for one hybrid system.

Not imported: its text follows the generated equations of a system in one module (see ``generate.py``),
where ``rates``, ``guards``, ``jump`` and ``observe`` are found. Every smooth piece of the stimulus is
divided into equal steps anew after each event, so that no step straddles a jump and the method keeps its
order.
"""

# What is left of a run, so that it can go on where a full buffer stopped it.
PIECE, MODE, STEP, STEPS, CHAIN = 0, 1, 2, 3, 4
T_ORIGIN, T_NOW, T_ENTERED = 0, 1, 2

DONE, BUFFER_FULL, NO_ALGEBRAIC_SOLUTION, NOT_FINITE, CHATTERING = 0, 1, 2, 3, 4
MOST_JUMPS_AT_ONE_TIME = 100


@njit
def stimulus_at(t, t_piece, rows):
    """Value of each input [its unit] at a time inside a piece; ``rows`` has one row for each input."""
    u = np.empty(rows.shape[0])
    for i in range(rows.shape[0]):
        u[i] = rows[i, 0] + rows[i, 1] * (t - t_piece)
        if rows[i, 2] != 0.0:
            u[i] += rows[i, 2] * math.sin(rows[i, 3] * (t - t_piece) + rows[i, 4])
    return pack_inputs(u)


@njit
def slope_at(mode, t, t_entered, y, u, p, z):
    """Unknowns, rates and guards at one point, and whether the unknowns could be solved."""
    solved, z = solve_unknowns(t, t - t_entered, y, u, p, z)
    return (
        solved,
        z,
        rates(mode, t, t - t_entered, y, u, p, z),
        guards(mode, t, t - t_entered, y, u, p, z),
    )


@njit
def rk4_step(mode, t, h, t_entered, y, k1, t_piece, rows, p, z):
    """States after one step of ``h`` [s] from ``t`` [s], where ``k1`` are the rates at ``t``."""
    half = t + 0.5 * h
    u = stimulus_at(half, t_piece, rows)
    ok2, z, k2, _ = slope_at(mode, half, t_entered, shift(y, 0.5 * h, k1), u, p, z)
    ok3, z, k3, _ = slope_at(mode, half, t_entered, shift(y, 0.5 * h, k2), u, p, z)
    u = stimulus_at(t + h, t_piece, rows)
    ok4, z, k4, _ = slope_at(mode, t + h, t_entered, shift(y, h, k3), u, p, z)
    return ok2 and ok3 and ok4, z, rk4_sum(y, h, k1, k2, k3, k4)


@njit
def guard_inside(s, guard, mode, t, h, t_entered, y0, f0, y1, f1, t_piece, rows, p, z):
    """One guard on the dense output, at the fraction ``s`` of a step."""
    y = hermite(s, h, y0, f0, y1, f1)
    u = stimulus_at(t + s * h, t_piece, rows)
    _, _, _, g = slope_at(mode, t + s * h, t_entered, y, u, p, z)
    return g[guard]


@njit
def first_positive(g0, gm, g1, guard, mode, t, h, t_entered, y0, f0, y1, f1, t_piece, rows, p, z):
    """Smallest of a few fractions of the step at which a guard has become positive, or 2.

    The middle is looked at as well as the end, and the top of the parabola through the three values:
    a guard may rise and fall again within one step.
    """
    if gm >= 0.0:
        return 0.5
    if g1 >= 0.0:
        return 1.0
    bend = 2.0 * (g0 - 2.0 * gm + g1)
    if bend < 0.0:
        s = (3.0 * g0 - 4.0 * gm + g1) / (2.0 * bend)
        if 0.0 < s < 1.0 and g0 + s * (4.0 * gm - 3.0 * g0 - g1) + s * s * bend >= 0.0:
            if guard_inside(s, guard, mode, t, h, t_entered, y0, f0, y1, f1, t_piece, rows, p, z) >= 0.0:
                return s
    return 2.0


@njit
def crossing_inside(s_high, guard, mode, t, h, t_entered, y0, f0, y1, f1, t_piece, rows, p, z):
    """Fraction of the step at which a guard crosses zero on the dense output (Illinois method)."""
    a, fa = 0.0, guard_inside(0.0, guard, mode, t, h, t_entered, y0, f0, y1, f1, t_piece, rows, p, z)
    b, fb = s_high, guard_inside(s_high, guard, mode, t, h, t_entered, y0, f0, y1, f1, t_piece, rows, p, z)
    if fa >= 0.0:
        return 0.0
    s = b
    for _ in range(100):
        if b - a <= 1e-15 or fb == fa:
            break
        s = (a * fb - b * fa) / (fb - fa)
        if not a < s < b:
            s = 0.5 * (a + b)
        fs = guard_inside(s, guard, mode, t, h, t_entered, y0, f0, y1, f1, t_piece, rows, p, z)
        if fs == 0.0:
            break
        if fs > 0.0:
            b, fb = s, fs
            fa *= 0.5
        else:
            a, fa = s, fs
            fb *= 0.5
    return s


@njit
def step_to_crossing(s, guard, mode, t, h, t_entered, y0, f0, y1, f1, t_piece, rows, p, z):
    """Time and states at a crossing, by a Runge-Kutta step of just that length.

    The dense output is one order less exact than the method: Newton's method on the length of a real
    step, with the slope from the dense output, removes the difference.
    """
    d = 1e-4
    low, high = max(s - d, 0.0), min(s + d, 1.0)
    slope = (
        guard_inside(high, guard, mode, t, h, t_entered, y0, f0, y1, f1, t_piece, rows, p, z)
        - guard_inside(low, guard, mode, t, h, t_entered, y0, f0, y1, f1, t_piece, rows, p, z)
    ) / (high - low)
    ok, z_new, y = rk4_step(mode, t, s * h, t_entered, y0, f0, t_piece, rows, p, z)
    for _ in range(4):
        u = stimulus_at(t + s * h, t_piece, rows)
        _, _, _, g = slope_at(mode, t + s * h, t_entered, y, u, p, z_new)
        if slope <= 0.0 or g[guard] == 0.0:
            break
        change = -g[guard] / slope
        if abs(change) > 0.25 or abs(change) <= 2e-16:
            break
        s = min(max(s + change, 0.0), 1.0)
        ok, z_new, y = rk4_step(mode, t, s * h, t_entered, y0, f0, t_piece, rows, p, z)
    return ok, t + s * h, y, z_new


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
    y, z, p = pack_states(y_array), pack_unknowns(z_array), pack_parameters(p_array)
    mode, t_entered = where[MODE], clock[T_ENTERED]
    n, n_spikes = 0, 0
    room = times.shape[0] - 4
    status = DONE
    solved = True
    while where[PIECE] < piece_starts.shape[0]:
        piece = where[PIECE]
        t_piece, rows = piece_starts[piece], pieces[piece]
        end = piece_starts[piece + 1] if piece + 1 < piece_starts.shape[0] else t_stop
        t = clock[T_NOW]

        # A point of its own at the start of a run, of a piece, and after a jump.
        u = stimulus_at(t, t_piece, rows)
        solved, z, f, g = slope_at(mode, t, t_entered, y, u, p, z)
        if not solved:
            status = NO_ALGEBRAIC_SOLUTION
            break
        if where[STEPS] == 0:
            n = write_row(times, out, n, t, observe(t, t - t_entered, y, u, p, z))
            fired = -1
            for i in range(N_GUARDS):
                if g[i] >= 0.0:
                    fired = i
                    break
            if fired >= 0:
                where[CHAIN] += 1
                if where[CHAIN] > MOST_JUMPS_AT_ONE_TIME:
                    status = CHATTERING
                    break
                mode, is_spike, y = jump(mode, fired, t, t - t_entered, y, u, p, z)
                t_entered = t
                if is_spike:
                    spikes[n_spikes] = t
                    n_spikes += 1
                if n >= room or n_spikes >= spikes.shape[0]:
                    status = BUFFER_FULL
                    break
                continue
            if t >= end:
                where[PIECE] += 1
                continue
            where[STEPS] = max(1, int(math.ceil((end - t) / steps_of_mode[mode] * (1.0 - 1e-12))))
            where[STEP] = 0
            clock[T_ORIGIN] = t

        h = (end - clock[T_ORIGIN]) / where[STEPS]
        jumped = False
        while where[STEP] < where[STEPS] and n < room:
            t_next = end if where[STEP] + 1 == where[STEPS] else clock[T_ORIGIN] + (where[STEP] + 1) * h
            ok, z1, y1 = rk4_step(mode, t, h, t_entered, y, f, t_piece, rows, p, z)
            u1 = stimulus_at(t_next, t_piece, rows)
            solved, z1, f1, g1 = slope_at(mode, t_next, t_entered, y1, u1, p, z1)
            solved = solved and ok
            if not solved or not all_finite(y1):
                break
            ym = hermite(0.5, h, y, f, y1, f1)
            um = stimulus_at(t + 0.5 * h, t_piece, rows)
            _, _, _, gm = slope_at(mode, t + 0.5 * h, t_entered, ym, um, p, z1)

            earliest, fired = 2.0, -1
            for i in range(N_GUARDS):
                s = first_positive(
                    g[i], gm[i], g1[i], i, mode, t, h, t_entered, y, f, y1, f1, t_piece, rows, p, z1
                )
                if s <= 1.0:
                    s = crossing_inside(s, i, mode, t, h, t_entered, y, f, y1, f1, t_piece, rows, p, z1)
                    if s < earliest:
                        earliest, fired = s, i
            if fired < 0:
                y, z, f, g, t = y1, z1, f1, g1, t_next
                where[STEP] += 1
                where[CHAIN] = 0
                n = write_row(times, out, n, t, observe(t, t - t_entered, y, u1, p, z))
                continue

            solved, t, y, z = step_to_crossing(
                earliest, fired, mode, t, h, t_entered, y, f, y1, f1, t_piece, rows, p, z
            )
            u = stimulus_at(t, t_piece, rows)
            if not solved:
                break
            n = write_row(times, out, n, t, observe(t, t - t_entered, y, u, p, z))
            mode, is_spike, y = jump(mode, fired, t, t - t_entered, y, u, p, z)
            t_entered = t
            # Events that follow each other without any time between them are chattering; close ones are not.
            where[CHAIN] = where[CHAIN] + 1 if earliest * h <= 1e-9 * steps_of_mode[mode] else 0
            if is_spike:
                spikes[n_spikes] = t
                n_spikes += 1
            jumped = True
            break

        clock[T_NOW] = t
        if not solved:
            status = NO_ALGEBRAIC_SOLUTION
            break
        if not jumped and where[STEP] < where[STEPS] and n < room:
            status = NOT_FINITE
            break
        if where[CHAIN] > MOST_JUMPS_AT_ONE_TIME:
            status = CHATTERING
            break
        if jumped:
            where[STEPS] = 0
        elif where[STEP] == where[STEPS]:
            where[STEPS] = 0
            where[PIECE] += 1
        if n >= room or n_spikes >= spikes.shape[0] - 1:
            status = BUFFER_FULL
            break

    where[MODE], clock[T_ENTERED] = mode, t_entered
    for i in range(N_STATES):
        y_array[i] = y[i]
    for i in range(len(z)):
        z_array[i] = z[i]
    return status, n, n_spikes
