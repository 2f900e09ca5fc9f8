"""The classical Runge-Kutta method for one hybrid system.

Not imported: its text stands between the generated equations of a system and ``integrate_kernel.py`` in one
module (see ``generate.py``). Every smooth piece of the stimulus is divided into equal steps anew after each
event, so that no step straddles a jump and the method keeps its order.

``method`` is the longest step of each mode [s].
"""


@njit
def one_step(t, h, y, k1, z, here, method):
    """Whether the unknowns could be solved, unknowns and states after one step of ``h`` [s]."""
    ok2, z, k2, _, _ = equations_at(t + 0.5 * h, shift(y, 0.5 * h, k1), z, here)
    ok3, z, k3, _, _ = equations_at(t + 0.5 * h, shift(y, 0.5 * h, k2), z, here)
    ok4, z, k4, _, _ = equations_at(t + h, shift(y, h, k3), z, here)
    return ok2 and ok3 and ok4, z, rk4_sum(y, h, k1, k2, k3, k4)


@njit
def longest_step(mode, method):
    """Longest step of a mode [s]."""
    return method[mode]


@njit
def begin(t, end, mode, method, where, clock):
    """Divide what lies ahead into equal steps, none above the longest but for rounding."""
    where[STEP] = 0
    where[STEPS] = 1 + int((end - t) / method[mode] * (1.0 - 1e-12)) if end > t else 1
    clock[T_ORIGIN] = t
    clock[T_STEP] = (end - t) / where[STEPS]


@njit
def advance(t, end, y, f, z, here, method, where, clock):
    """Status, end and length of the next step [s], unknowns and states there."""
    h = clock[T_STEP]
    t_next = end if where[STEP] + 1 >= where[STEPS] else clock[T_ORIGIN] + (where[STEP] + 1) * h
    solved, z1, y1 = one_step(t, h, y, f, z, here, method)
    if not solved:
        return NO_ALGEBRAIC_SOLUTION, t_next, h, z1, y1
    return DONE if all_finite(y1) else NOT_FINITE, t_next, h, z1, y1


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
