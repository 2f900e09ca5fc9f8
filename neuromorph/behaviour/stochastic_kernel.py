"""A step of a stochastic method up to the first event in it, for one lane.

Not imported: its text follows the generated functions of a system (see ``lanes.py``). The generated ``step`` knows the method.
Within a step drift and diffusion are constant, so each guard moves, to the order of the method, as a Wiener
process with drift.
"""

QUIET, BUFFER_FULL, NO_ALGEBRAIC_SOLUTION, NOT_FINITE, CHATTERING = 0, 1, 2, 3, 4
MOST_JUMPS_IN_STEP = 100
# On the grid, rounding must not make a refractory time of some steps one step longer.
CLOCK_SLACK = 1e-6 if CROSSINGS == GRID else 0.0
# Beyond this exponent, a crossing that the ends do not show is less likely than 1e-17.
UNLIKELY = 40.0


@njit
def first_passage(a, b, count, whose, draw, key):
    """Fraction of a step at which a Brownian bridge first reaches zero, given that it does.

    ``a`` is how far below zero it starts and ``b`` where it ends, both in standard deviations of the noise in the
    step. With s = u / (1 + u), u has the inverse Gaussian distribution of mean a / |b| and shape a**2, drawn by the
    method of Michael, Schucany and Haas (1976).
    """
    first, second = two_words(count, whose, 2 * draw, CROSSING, key)
    n = two_normals(first)[0]
    b = max(abs(b), 1e-9 * a)
    q = n * n / (2.0 * a * b)
    factor = 1.0 / (1.0 + q + math.sqrt(q * (q + 2.0)))
    u = a / b * (factor if uniform_of(second) * (1.0 + factor) <= 1.0 else 1.0 / factor)
    return u / (1.0 + u) if u < 1e15 else 1.0


@inlined
def next_event(mode, t_entered, t, t_end, rest, y, u, p, z, w, repeated, whose, count, draw, key):
    """Advance to the first event before ``t_end`` [s] or to there.

    Parameters
    ----------
    rest : float [s]
        Time to ``t_end``, with the increments ``w`` of the Wiener processes in it.
    repeated : int
        Guard that has just made the lane jump back into its mode, or -1.
    count, draw : int
        Number of the step and of the call in it, for random numbers.

    Returns
    -------
    status, fired, t, rest, y, z, w
        Guard that fired, or -1; time, states, and what is left of the step.
    """
    solved, _, g = guards(mode, t, t - t_entered, y, u, p, z)
    if not solved:
        return NO_ALGEBRAIC_SOLUTION, -1, t, rest, y, z, w
    for i in range(N_GUARDS):
        if g[i] >= 0.0 and i != repeated:
            return QUIET, i, t, rest, y, z, w
        if g[i] > 0.0 and i == repeated:
            return CHATTERING, -1, t, rest, y, z, w
    if rest <= 0.0:
        return QUIET, -1, t_end, 0.0, y, z, w
    solved, z, y1 = step(mode, t, t - t_entered, y, u, p, z, rest, w)
    solved_there, z1, g1 = guards(mode, t_end, t_end + CLOCK_SLACK * rest - t_entered, y1, u, p, z)
    if not (solved and solved_there):
        return NO_ALGEBRAIC_SOLUTION, -1, t, rest, y, z, w
    if not all_finite(y1):
        return NOT_FINITE, -1, t, rest, y, z, w
    if CROSSINGS == GRID:
        for i in range(N_GUARDS):
            if g1[i] >= 0.0:
                return QUIET, i, t_end, 0.0, y1, z1, scaled_noise(0.0, w)
        return QUIET, -1, t_end, 0.0, y1, z1, w
    fired, s, variance = -1, 2.0, 0.0
    if CROSSINGS == BRIDGE:
        _, _, c = guard_noise(mode, t, t - t_entered, y, u, p, z)
    for i in range(N_GUARDS):
        s_i, v_i = 2.0, 0.0
        if CROSSINGS == BRIDGE:
            c_i = noise_of_guard(c, i)
            v_i = noise_product(c_i, c_i) * rest
        if v_i > 0.0 and g[i] < 0.0:
            x = 2.0 * g[i] * g1[i] / v_i
            which = N_GUARDS * draw + i
            crosses = g1[i] >= 0.0
            if not crosses and x < UNLIKELY:
                crosses = uniform_at(count, whose, 2 * which + 1, CROSSING, key) < lane_exp(-x)
            if crosses:
                sd = math.sqrt(v_i)
                s_i = first_passage(-g[i] / sd, g1[i] / sd, count, whose, which, key)
        elif g1[i] >= 0.0:
            s_i = g[i] / (g[i] - g1[i]) if g[i] < 0.0 else 0.0
        if s_i < s:
            fired, s, variance = i, s_i, v_i
    if fired < 0:
        return QUIET, -1, t_end, 0.0, y1, z1, w
    if CROSSINGS == BRIDGE and variance > 0.0:
        # The noise that brings the guard to zero at s; noise that does not move the guard lies on a straight line.
        c_i = noise_of_guard(c, fired)
        moved = noise_product(c_i, w)
        until = -g[fired] - s * (g1[fired] - g[fired] - moved)
        v = noise_until(s, w, (until - s * moved) * rest / variance, c_i, 0.0, w)
    elif CROSSINGS == BRIDGE:
        n = normals_between(count, whose, draw, key)
        v = noise_until(s, w, 0.0, w, math.sqrt(s * (1.0 - s) * rest), n)
    else:
        v = scaled_noise(s, w)
    solved, z, y = step(mode, t, t - t_entered, y, u, p, z, s * rest, v)
    if s >= 1.0:
        return QUIET, fired, t_end, 0.0, y, z, scaled_noise(0.0, w)
    return QUIET, fired, min(t + s * rest, t_end), (1.0 - s) * rest, y, z, remaining_noise(w, v)


@inlined
def finish_step(tile, i, t, t_end, h, y, z, u, p, w, whose, count, key, spike_times, spike_lanes, n_spikes):
    """One lane over one step with all its events; status, number of spikes so far, states and unknowns."""
    mode, t_entered, jumps = tile[MODES + i], tile[ENTERED + i], tile[JUMPS + i]
    rest, repeated, status = h, -1, CHATTERING
    for draw in range(MOST_JUMPS_IN_STEP):
        status, fired, t, rest, y, z, w = next_event(
            mode, t_entered, t, t_end, rest, y, u, p, z, w, repeated, whose, count, draw, key
        )
        if status != QUIET or fired < 0:
            break
        r = random_variables(jumps, whose, key)
        target, is_spike, y = jump(mode, fired, t, t - t_entered, y, u, p, z, r)
        repeated = fired if mode == target else -1
        mode, t_entered, jumps = float(target), t, jumps + 1.0
        if is_spike:
            spike_times[n_spikes], spike_lanes[n_spikes] = t, i
            n_spikes += 1
        status = CHATTERING
    tile[MODES + i], tile[ENTERED + i], tile[JUMPS + i] = mode, t_entered, jumps
    return status, n_spikes, y, z


@inlined
def inputs_at(since, u):
    """Inputs at a time since the start of the step [s]: their means over the step."""
    return u


@inlined
def quiet_step(mode, t_entered, t, t_end, h, y, u, p, z, w):
    """One step without an event: whether there surely was none, states and unknowns."""
    solved, z0, y1 = step(mode, t, t - t_entered, y, u, p, z, h, w)
    solved_there, z1, g1 = guards(mode, t_end, t_end + CLOCK_SLACK * h - t_entered, y1, u, p, z0)
    quiet = all_below_zero(g1)
    if N_SOLVED > 0:
        quiet = quiet and solved and solved_there
    if GUARDS_MAY_JUMP or CROSSINGS == BRIDGE:
        _, _, g = guards(mode, t, t - t_entered, y, u, p, z)
        quiet = quiet and all_below_zero(g)
    if CROSSINGS == BRIDGE:
        _, _, c = guard_noise(mode, t, t - t_entered, y, u, p, z)
        for i in range(N_GUARDS):
            c_i = noise_of_guard(c, i)
            quiet = quiet and 2.0 * g[i] * g1[i] >= UNLIKELY * h * noise_product(c_i, c_i)
    return quiet, y1, z1
