"""A linearly implicit Runge-Kutta method of order 4 for one hybrid system.

Not imported: its text stands between the generated equations of a system and ``integrate_kernel.py`` in one
module (see ``generate.py``). The coefficients are put before it, so that tests can check them.

In the usual transformed form, stage ``i`` is ``u_i`` with ``(1/(GAMMA h) - J) u_i = f(t + NODES[i] h, y + sum_j
A[i, j] u_j) + sum_j C[i, j] u_j / h + SLOPES[i] h df/dt``. The last two stages are the step's end by the
embedded method and by the method itself, so the last ``u`` is the estimated error.

``method`` is the longest step of each mode [s], scale of each state, relative tolerance, first and shortest step
[s], and room for the Jacobian, df/dt, the factors and their order, the stages, the dense output, guards inside a
step, and a state.
"""

# Straight lines between rows are off by at most this share of a state's scale, as far as the most rows can do it.
STRAIGHT = 5e-5
LONGEST, SCALES, RTOL, FIRST, SHORTEST = 0, 1, 2, 3, 4
BY_STATE, BY_TIME, MATRIX, ORDER, STAGES, DENSE_OUTPUT, INSIDE, STATE = 5, 6, 7, 8, 9, 10, 11, 12


@njit
def factorize(matrix, order):
    """Triangular factors in place, rows exchanged for the largest pivot; whether there are any."""
    for k in range(N_STATES):
        best, largest = k, abs(matrix[k, k])
        for i in range(k + 1, N_STATES):
            if abs(matrix[i, k]) > largest:
                best, largest = i, abs(matrix[i, k])
        order[k] = best
        if not largest > 0.0:
            return False
        if best != k:
            for j in range(N_STATES):
                matrix[k, j], matrix[best, j] = matrix[best, j], matrix[k, j]
        inverse = 1.0 / matrix[k, k]
        matrix[k, k] = inverse
        for i in range(k + 1, N_STATES):
            factor = matrix[i, k]
            if factor != 0.0:
                factor *= inverse
                matrix[i, k] = factor
                for j in range(k + 1, N_STATES):
                    matrix[i, j] -= factor * matrix[k, j]
    return True


@njit
def solve(matrix, order, x):
    """Replace a right-hand side by the solution, with what ``factorize`` left."""
    for k in range(N_STATES):
        best = order[k]
        if best != k:
            x[k], x[best] = x[best], x[k]
    for i in range(1, N_STATES):
        value = x[i]
        for j in range(i):
            value -= matrix[i, j] * x[j]
        x[i] = value
    for i in range(N_STATES - 1, -1, -1):
        value = x[i]
        for j in range(i + 1, N_STATES):
            value -= matrix[i, j] * x[j]
        x[i] = value * matrix[i, i]


@njit
def one_step(t, h, y, f, z, here, method):
    """Whether the unknowns could be solved, unknowns and states after one step of ``h`` [s]."""
    by_state, by_time, matrix, order = method[BY_STATE], method[BY_TIME], method[MATRIX], method[ORDER]
    stages, state = method[STAGES], method[STATE]
    mode, t_entered, t_piece, coefficients, p = here
    for i in range(N_STATES):
        for j in range(N_STATES):
            matrix[i, j] = -by_state[i, j]
        matrix[i, i] += 1.0 / (GAMMA * h)
    if not factorize(matrix, order):
        return False, z, y
    k, inverse = f, 1.0 / h
    for stage in range(N_STAGES):
        if stage > 0:
            store(state, y)
            for i in range(N_STATES):
                value = state[i]
                for j in range(stage):
                    value += A[stage, j] * stages[j, i]
                state[i] = value
            at = t + NODES[stage] * h
            u = stimulus_at(at - t_piece, coefficients)
            solved, z, k, _, _ = equations(mode, at, at - t_entered, pack_states(state), u, p, z)
            if not solved:
                return False, z, y
        right = stages[stage]
        store(right, k)
        for i in range(N_STATES):
            value = right[i] + h * SLOPES[stage] * by_time[i]
            for j in range(stage):
                value += C[stage, j] * inverse * stages[j, i]
            right[i] = value
        solve(matrix, order, right)
    for i in range(N_STATES):
        state[i] += stages[N_STAGES - 1, i]
    return True, z, pack_states(state)


@njit
def longest_step(mode, method):
    """Longest step of a mode [s]."""
    return method[LONGEST][mode]


@njit
def begin(t, end, mode, method, where, clock):
    """Forget the step: what lies ahead may move at another pace."""
    clock[T_STEP] = 0.0


@njit
def find_derivatives(t, y, z, here, by_state, by_time):
    """Fill in the Jacobian and df/dt at one point."""
    mode, t_entered, t_piece, coefficients, p = here
    since = t - t_piece
    u, slope = stimulus_at(since, coefficients), stimulus_slope_at(since, coefficients)
    jacobian(mode, t, t - t_entered, y, u, p, z, slope, by_state, by_time)
    # An infinite slope, as of a square root at zero, says nothing about a step: the error control must do without.
    for i in range(N_STATES):
        by_time[i] = by_time[i] if math.isfinite(by_time[i]) else 0.0
        for j in range(N_STATES):
            by_state[i, j] = by_state[i, j] if math.isfinite(by_state[i, j]) else 0.0


@njit
def first_step(y, f, method):
    """A step [s] that suits the bend of the solution, which the Jacobian tells: y'' = J f + df/dt.

    For an exponential of the amplitude ``a`` and the time constant ``tau``, an error of the fifth power of
    ``h / tau`` meets the tolerance where ``h**2 y''`` is ``tol**(2/5) a**(3/5)``; ``a`` is taken for the scale.
    """
    by_state, by_time, stages, state = method[BY_STATE], method[BY_TIME], method[STAGES], method[STATE]
    rtol, scales = method[RTOL], method[SCALES]
    rates_now, h = stages[0], math.inf
    store(state, y)
    store(rates_now, f)
    for i in range(N_STATES):
        bend = by_time[i]
        for j in range(N_STATES):
            bend += by_state[i, j] * rates_now[j]
        if bend != 0.0:
            h = min(h, 0.5 * math.sqrt((scales[i] + abs(state[i])) * rtol**0.4 / abs(bend)))
    return h


@njit
def relative_error(y, y1, method):
    """Largest estimated error of a state in a step, over what is allowed."""
    rtol, scales, stages, state = method[RTOL], method[SCALES], method[STAGES], method[STATE]
    worst = 0.0
    store(state, y)
    sizes = stages[0]  # done with: see dense output, which is found before
    store(sizes, y1)
    for i in range(N_STATES):
        allowed = rtol * (scales[i] + max(abs(state[i]), abs(sizes[i])))
        worst = max(worst, abs(stages[N_STAGES - 1, i]) / allowed)
    return worst


@njit
def keep_dense_output(stages, dense):
    """The two vectors that, with the states at both ends, give the states inside the step."""
    for i in range(N_STATES):
        for k in range(2):
            value = 0.0
            for j in range(N_STAGES - 1):
                value += DENSE[k, j] * stages[j, i]
            dense[k, i] = value


@njit
def advance(t, end, y, f, z, here, method, where, clock):
    """Status, end and length of the next step whose error is allowed [s], unknowns and states there."""
    first, shortest = method[FIRST], method[SHORTEST]
    find_derivatives(t, y, z, here, method[BY_STATE], method[BY_TIME])
    h, limit = clock[T_STEP], max(shortest, 1e-15 * t)
    if h == 0.0:
        h = max(first if first > 0.0 else first_step(y, f, method), 2.0 * limit)
    elif h <= limit:
        return STEP_TOO_SHORT, t, h, z, y
    h = min(h, method[LONGEST][here[0]])
    rejected = False
    while True:
        left = end - t
        # Two steps alike rather than a long one and a splinter.
        h = left if h >= 0.999999 * left else min(h, 0.5 * left)
        t_next = end if h == left else t + h
        solved, z1, y1 = one_step(t, h, y, f, z, here, method)
        status, error = DONE, math.inf
        if not solved:
            status = NO_ALGEBRAIC_SOLUTION
        elif not all_finite(y1):
            status = NOT_FINITE
        else:
            keep_dense_output(method[STAGES], method[DENSE_OUTPUT])
            error = relative_error(y, y1, method)
        if error <= 1.0:
            growth = min(6.0, 0.9 * max(error, 1e-10) ** -0.25)
            clock[T_STEP] = h * (min(growth, 1.0) if rejected else growth)
            return DONE, t_next, h, z1, y1
        # Not a number where the estimate overflowed.
        h *= max(0.1, 0.9 * error**-0.25) if error < math.inf else 0.1
        rejected = True
        if h <= limit:
            return status if status != DONE else STEP_TOO_SHORT, t_next, h, z1, y1


@njit
def highest_of_parabola(g0, gm, g1):
    """Where between the first and the last of three values a parabola is highest, or 2; and how high about."""
    slope, bend = 4.0 * gm - 3.0 * g0 - g1, 2.0 * (g0 - 2.0 * gm + g1)
    if bend < 0.0 < slope < -2.0 * bend:
        # The parabola is off by a third derivative, so a near miss is worth a closer look.
        return -0.5 * slope / bend, g0 - 0.25 * slope * slope / bend - 0.1 * bend
    return 2.0, -1.0


@njit
def suspect(suspects, t, h, y, f, g, y1, f1, g1, z1, here, method):
    """Fill in where in a step each guard seems to rise, from dense output at its quarters; whether solved."""
    stages, dense, inside, state = method[STAGES], method[DENSE_OUTPUT], method[INSIDE], method[STATE]
    mode, t_entered, t_piece, coefficients, p = here
    begun, ended = stages[0], stages[1]
    store(begun, y)
    store(ended, y1)
    z = z1
    for k in range(3):
        s = 0.25 * (k + 1)
        for i in range(N_STATES):
            state[i] = (1.0 - s) * begun[i] + s * (ended[i] + (1.0 - s) * (dense[0, i] + s * dense[1, i]))
        at = t + s * h
        u = stimulus_at(at - t_piece, coefficients)
        solved, z, gs = guards(mode, at, at - t_entered, pack_states(state), u, p, z)
        if not solved:
            return False
        for i in range(N_GUARDS):
            inside[i, k + 1] = gs[i]
    for i in range(N_GUARDS):
        inside[i, 0], inside[i, 4] = g[i], g1[i]
        suspects[i] = 2.0
        for k in range(4, 0, -1):
            if inside[i, k] >= 0.0:
                suspects[i] = 0.25 * k
        if suspects[i] > 1.0:
            highest = 0.0
            for k in range(3):
                s, top = highest_of_parabola(inside[i, k], inside[i, k + 1], inside[i, k + 2])
                if top > highest:
                    highest, suspects[i] = top, 0.25 * k + 0.5 * s
    return True


@njit
def write_inside(times, rows_out, n, s_end, t, h, y, y1, z, here, method):
    """Rows inside a step, up to the part ``s_end`` of it, so many that straight lines between rows are true."""
    dense, inner, begun, ended = method[DENSE_OUTPUT], method[STATE], method[STAGES][0], method[STAGES][1]
    scales, bend = method[SCALES], 0.0
    store(begun, y)
    store(ended, y1)
    for i in range(N_STATES):
        off = 0.25 * abs(dense[0, i] + 0.5 * dense[1, i])
        bend = max(bend, off / (scales[i] + abs(begun[i])))
    count = min(MOST_ROWS_IN_STEP, int(math.sqrt(bend / STRAIGHT)))
    for k in range(1, count + 1):
        s = k / (count + 1.0)
        if s >= s_end:
            break
        for i in range(N_STATES):
            inner[i] = (1.0 - s) * begun[i] + s * (ended[i] + (1.0 - s) * (dense[0, i] + s * dense[1, i]))
        solved, z, _, _, seen = equations_at(t + s * h, pack_states(inner), z, here)
        if solved:
            n = write_row(times, rows_out, n, t + s * h, seen)
    return n
