"""The classical Runge-Kutta method for one hybrid system.

Not imported: its text stands between the generated equations of a system and ``integrate_kernel.py`` in one
module (see ``generate.py``). Every smooth piece of the stimulus is divided into equal steps anew after each
event, so that no step straddles a jump and the method keeps its order.

``method`` is the longest step of each mode [s], scale of each state, and relative tolerance or 0.
"""

LONGEST, SCALES, RTOL = 0, 1, 2
# A step that is shorter than this share of the longest one is made even if its error is not allowed: rates may jump.
SHORTEST = 1e-9


@njit
def stages(t, h, y, k1, z, here):
    """Whether the unknowns could be solved, unknowns, and rates at the other three stages of a step of ``h`` [s]."""
    ok2, z, k2, _, _ = equations_at(t + 0.5 * h, shift(y, 0.5 * h, k1), z, here)
    ok3, z, k3, _, _ = equations_at(t + 0.5 * h, shift(y, 0.5 * h, k2), z, here)
    ok4, z, k4, _, _ = equations_at(t + h, shift(y, h, k3), z, here)
    return ok2 and ok3 and ok4, z, k2, k3, k4


@njit
def one_step(t, h, y, k1, z, here, method):
    """Whether the unknowns could be solved, unknowns and states after one step of ``h`` [s]."""
    solved, z, k2, k3, k4 = stages(t, h, y, k1, z, here)
    return solved, z, rk4_sum(y, h, k1, k2, k3, k4)


@njit
def tried_step(t, h, y, f, z, here, scales):
    """Whether the unknowns could be solved, unknowns, states, and their estimated error, after one step of ``h`` [s].

    The estimate is the difference to a method of order 2 of the same stages, ``y + h (k2 + k3) / 2``.
    """
    solved, z1, k2, k3, k4 = stages(t, h, y, f, z, here)
    y1 = rk4_sum(y, h, f, k2, k3, k4)
    return solved, z1, y1, rk4_error(y, y1, h, f, k2, k3, k4, scales) if all_finite(y1) else math.inf


@njit
def shorter_step(h, error):
    """Length of the step [s] to try after one of ``h`` [s] whose error is so many times the allowed one."""
    return h * max(0.1, 0.9 * error ** (-1.0 / 3.0))


@njit
def longest_step(mode, method):
    """Longest step of a mode [s]."""
    return method[LONGEST][mode]


@njit
def divide(t, end, step, where, clock):
    """Divide what lies ahead into equal steps, none above ``step`` [s] but for rounding."""
    where[STEP] = 0
    where[STEPS] = 1 + int((end - t) / step * (1.0 - 1e-12)) if end > t else 1
    clock[T_ORIGIN] = t
    clock[T_STEP] = (end - t) / where[STEPS]
    clock[T_WISH] = 0.0


@njit
def begin(t, end, mode, method, where, clock):
    """Plan the steps to a new end."""
    divide(t, end, method[LONGEST][mode], where, clock)


@njit
def advance(t, end, y, f, z, here, method, where, clock):
    """Status, end and length of the next step whose error is allowed [s], unknowns and states there."""
    longest, rtol = method[LONGEST][here[0]], method[RTOL]
    if clock[T_WISH] > 0.0:
        divide(t, end, clock[T_WISH], where, clock)
    while True:
        h = clock[T_STEP]
        t_next = end if where[STEP] + 1 >= where[STEPS] else clock[T_ORIGIN] + (where[STEP] + 1) * h
        solved, z1, y1, error = tried_step(t, h, y, f, z, here, method[SCALES])
        if not solved:
            return NO_ALGEBRAIC_SOLUTION, t_next, h, z1, y1
        if rtol == 0.0 or h <= SHORTEST * longest:
            return DONE if all_finite(y1) else NOT_FINITE, t_next, h, z1, y1
        if error <= rtol:
            if error < 0.05 * rtol and h < 0.6 * longest:
                clock[T_WISH] = min(2.0 * h, longest)
            return DONE, t_next, h, z1, y1
        divide(t, end, shorter_step(h, error / rtol), where, clock)


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
def suspect(suspects, t, h, y, f, g, y1, f1, g1, z1, here, method):
    """Fill in where in a step each guard seems to rise, from dense output in the middle; whether solved."""
    solved, _, _, gm, _ = equations_at(t + 0.5 * h, middle(h, y, f, y1, f1), z1, here)
    for i in range(N_GUARDS):
        suspects[i] = suspected_rise(g[i], gm[i], g1[i])
    return solved


@njit
def write_inside(times, rows_out, n, s_end, t, h, y, y1, z, here, method):
    """No rows inside a step: it is short beside what the states do."""
    return n
