"""Stages of an exponential Runge-Kutta method of order 4, each device with a rate constant of its own.

S. Krogstad, Generalized integrating factor methods for stiff PDEs, J. Comput. Phys. 203 (2005) 72, equation (51).
``dx/dt = F(v, x)`` is split into ``slope x``, `slope` the derivative of `F` by `x` at the start of the step, and the
rest; the first part is integrated exactly. The state of a device whose rate is linear in the state is then exact while its
voltage stays, however long the step. Where all slopes are zero it is the classical Runge-Kutta method.
"""


@kernel
def find_weights(h, slope, half, full):
    """Functions phi_1 and phi_2 over half the step, phi_1, phi_2 and phi_3 over the step."""
    for i in range(slope.size):
        half[0, i], half[1, i], _ = phi_functions(0.5 * h * slope[i])
        full[0, i], full[1, i], full[2, i] = phi_functions(h * slope[i])


@njit
def just_inside(x, start):
    """For stages: a model may have no rate at a bound, which must not be taken for the rate on the way there.

    A state that is at a bound when the step starts is not on the way: without a rate it stays, however steep the rate beside it.
    """
    low = 0.0 if start <= 0.0 else 1e-13
    high = 1.0 if start >= 1.0 else 1.0 - 1e-13
    return min(max(x, low), high)


@kernel
def second_stage(h, x, rate, half, out):
    for i in range(x.size):
        out[i] = just_inside(x[i] + 0.5 * h * half[0, i] * rate[i], x[i])


@kernel
def third_stage(h, x, rate, slope, half, x2, rate2, out):
    for i in range(x.size):
        bent = rate2[i] - rate[i] - slope[i] * (x2[i] - x[i])
        out[i] = just_inside(x[i] + h * (0.5 * half[0, i] * rate[i] + half[1, i] * bent), x[i])


@kernel
def fourth_stage(h, x, rate, slope, full, x3, rate3, out):
    for i in range(x.size):
        bent = rate3[i] - rate[i] - slope[i] * (x3[i] - x[i])
        out[i] = just_inside(x[i] + h * (full[0, i] * rate[i] + 2.0 * full[1, i] * bent), x[i])


@kernel
def hold(x, rate):
    """Take away the rates that lead out of a bound at which the states `x` are [1/s]."""
    for i in range(x.size):
        if (x[i] >= 1.0 and rate[i] > 0.0) or (x[i] <= 0.0 and rate[i] < 0.0):
            rate[i] = 0.0


@kernel
def hold_with_slopes(x, rate, slope):
    """The same; what is held has no derivative by its state either [1/s]."""
    for i in range(x.size):
        if (x[i] >= 1.0 and rate[i] > 0.0) or (x[i] <= 0.0 and rate[i] < 0.0):
            rate[i] = 0.0
            slope[i] = 0.0


@njit
def passes_holding(x, holds):
    """Whether a state is at or beyond a bound that holds what arrives there: no state gets there in a finite time.

    `holds` is 1 where the lower bound does, 2 the upper one, 3 both.
    """
    return (x <= 1e-13 and holds & 1 != 0) or (x >= 1.0 - 1e-13 and holds & 2 != 0)


@njit
def allowed_share(x, holds, least):
    """Share of the tolerance that a state may use: the way back from a bound that holds is told by how near the state came."""
    share = 1.0
    if holds & 1 != 0:
        share = min(share, 4.0 * x)
    if holds & 2 != 0:
        share = min(share, 4.0 * (1.0 - x))
    return max(share, least)


@kernel
def find_holding_bounds(up, down, up_low, down_low, up_high, down_high, holds):
    """Fill in which bounds hold, from rates [1/s] under a high voltage of either sign: in the middle, at 0 and at 1."""
    for i in range(holds.size):
        holds[i] = 0
        if up[i] * down[i] < 0.0:
            little = 1e-9 * min(abs(up[i]), abs(down[i]))
            if max(abs(up_low[i]), abs(down_low[i])) <= little:
                holds[i] += 1
            if max(abs(up_high[i]), abs(down_high[i])) <= little:
                holds[i] += 2


@kernel
def go_on_to_bounds(x, rate, slope, stage, stage_rate, holds):
    """Give stages that were kept inside the rate on the way to the bound [1/s], where the model has hardly any there."""
    for i in range(x.size):
        if (stage[i] <= 1e-13 or stage[i] >= 1.0 - 1e-13) and not passes_holding(stage[i], holds[i]):
            expected = rate[i] + slope[i] * (stage[i] - x[i])
            if abs(stage_rate[i]) < 0.5 * abs(expected):
                stage_rate[i] = expected


@kernel
def fastest_growth(rate, slope):
    """Largest rate constant at which a state moves away from where it would rest [1/s]."""
    fastest = 0.0
    for i in range(rate.size):
        if rate[i] != 0.0:
            fastest = max(fastest, slope[i])
    return fastest


@kernel
def expected_overshoot(h, x, rate, slope):
    """How far the furthest state would get beyond a bound if its voltage stayed."""
    worst = 0.0
    for i in range(x.size):
        if rate[i] != 0.0:
            phi_1, _, _ = phi_functions(h * slope[i])
            reached = x[i] + h * phi_1 * rate[i]
            worst = max(worst, abs(reached - inside(reached)))
    return worst


@kernel
def take_back(x, bounded, mirrored, holds):
    """Fill in the states kept within 0 and 1, and those that lack as much as others have too much; the largest of it.

    Beyond a bound that holds there is an error and no crossing, which is no part of it. A state so near to it that its last digits
    say no more has arrived.
    """
    worst = 0.0
    for i in range(x.size):
        bounded[i] = inside(x[i])
        beyond = x[i] - bounded[i]
        mirrored[i] = inside(bounded[i] - beyond)
        if passes_holding(x[i], holds[i]):
            if min(bounded[i], 1.0 - bounded[i]) < 1e-14:
                bounded[i] = mirrored[i] = round(bounded[i])
        else:
            worst = max(worst, abs(beyond))
    return worst


@kernel
def first_crossing(h, x, rate, slope, end, last, last_rate, holds):
    """When the first state passes a bound on a cubic through both ends of the step [s], its rate there [1/s] and its index."""
    first, speed, which = h, 0.0, -1
    for i in range(x.size):
        bound = inside(end[i])
        if end[i] == bound or x[i] == bound or passes_holding(end[i], holds[i]):
            continue
        start_change, change = h * rate[i], end[i] - x[i]
        end_change = h * (last_rate[i] + slope[i] * (end[i] - last[i]))
        square = 3.0 * change - 2.0 * start_change - end_change
        cube = start_change + end_change - 2.0 * change
        low, high = 0.0, 1.0
        for _ in range(60):
            part = 0.5 * (low + high)
            reached = x[i] + part * (start_change + part * (square + part * cube))
            if (reached > bound) == (end[i] > bound):
                high = part
            else:
                low = part
        if high * h < first or which < 0:
            first, which = high * h, i
            speed = abs(start_change + high * (2.0 * square + 3.0 * high * cube)) / h
    return first, speed, which


@kernel
def error_of_crossings(h, full, beyond, rate5, mirrored_rate):
    """Largest error of the states that stay inside by the bend in the currents where others reach a bound.

    Simpson's rule misses at most a sixth of the step times what the bend comes to at the end of the step.
    """
    worst = 0.0
    for i in range(rate5.size):
        if beyond[i] == inside(beyond[i]):
            error = h * full[0, i] * abs(rate5[i] - mirrored_rate[i]) / 6.0
            if not error <= worst:
                worst = error
    return worst


@kernel
def end_of_step(h, x, rate, slope, full, x2, rate2, x3, rate3, x4, rate4, out):
    for i in range(x.size):
        bent = rate2[i] + rate3[i] - 2.0 * rate[i] - slope[i] * (x2[i] + x3[i] - 2.0 * x[i])
        bent4 = rate4[i] - rate[i] - slope[i] * (x4[i] - x[i])
        middle = 2.0 * full[1, i] - 4.0 * full[2, i]
        last = 4.0 * full[2, i] - full[1, i]
        out[i] = x[i] + h * (full[0, i] * rate[i] + middle * bent + last * bent4)


@kernel
def largest_error(h, slope, full, x4, rate4, x5, rate5, reached, holds, least):
    """Largest difference to a method of order 3 that has the rate at the end in the place of the last stage's.

    States that reached a bound are known to be there, unless it holds what arrives: then what is beyond it is an error.
    """
    worst = 0.0
    for i in range(slope.size):
        beyond = abs(reached[i] - inside(reached[i]))
        if beyond > 0.0 and not passes_holding(reached[i], holds[i]):
            continue
        last = 4.0 * full[2, i] - full[1, i]
        error = abs(h * last * (rate5[i] - rate4[i] - slope[i] * (x5[i] - x4[i]))) + beyond
        error /= allowed_share(x5[i], holds[i], least)
        # Not max(): it would pass over what is not a number.
        if not error <= worst:
            worst = error
    return worst


@kernel
def part_of_step(part, h, x, rate, slope, x3, rate3, x5, rate5, out):
    """States after a part of the step, from the rates at its start, its middle and its end."""
    for i in range(x.size):
        phi_1, phi_2, phi_3 = phi_functions(part * h * slope[i])
        middle = rate3[i] - rate[i] - slope[i] * (x3[i] - x[i])
        last = rate5[i] - rate[i] - slope[i] * (x5[i] - x[i])
        linear, square = 4.0 * middle - last, 2.0 * last - 4.0 * middle
        bent = part * part * (phi_2 * linear + 2.0 * part * phi_3 * square)
        out[i] = inside(x[i] + h * (part * phi_1 * rate[i] + bent))


@kernel
def error_in_time(h, x, rate, slope, full, x3, rate3, x5, rate5, xq, rateq, reached, holds, least):
    """Largest error of the states by what a parabola through start, middle and end misses after a quarter.

    What depends on time alone is alike in the stages that :func:`largest_error` compares.
    """
    worst = 0.0
    for i in range(x.size):
        if reached[i] != inside(reached[i]) and not passes_holding(reached[i], holds[i]):
            continue
        middle = rate3[i] - rate[i] - slope[i] * (x3[i] - x[i])
        last = rate5[i] - rate[i] - slope[i] * (x5[i] - x[i])
        quarter = rateq[i] - rate[i] - slope[i] * (xq[i] - x[i])
        error = 0.25 * h * full[0, i] * abs(quarter - 0.75 * middle + 0.125 * last)
        error /= allowed_share(x5[i], holds[i], least)
        if not error <= worst:
            worst = error
    return worst


@kernel
def missed_energy(h, v, current_dx, rate, half, full):
    """By how much Simpson's rule is off the energy of exponential changes of the states [J]."""
    missed = 0.0
    for i in range(v.size):
        rule = (2.0 * half[0, i] + full[0, i]) / 6.0
        power = v[i] * current_dx[i] * h * rate[i] * (rule - full[1, i])
        if not math.isnan(power):
            missed += abs(power)
    return h * missed
