"""Pulses on devices, each with a voltage and a duration of its own: appended to a device's generated equations.

Exponential Rosenbrock method of order 3 with an embedded order 2, ``exprb32`` of M. Hochbruck, A. Ostermann and J. Schweitzer,
"Exponential Rosenbrock-type methods", SIAM J. Numer. Anal. 47 (2009) 786. Where the rate is linear in the state, one step of any
length is exact.
"""

MOST_STEPS = 1_000_000


@njit
def after_pulse(v, duration, x, k, tolerance, is_exact, needs_energy):
    """State after a pulse and the energy that the device took; NaN where no step is short enough."""
    t, h, energy = 0.0, duration, 0.0
    f, slope = rate_and_slope_(v, x, k)
    for _ in range(MOST_STEPS):
        if t >= duration:
            return x, energy
        h = min(h, duration - t)
        if needs_energy and abs(h * slope) > 1.0 and abs(h * f * phi_1(h * slope)) > 1e-9:
            # The current has to be sampled while the state still moves.
            h = 1.0 / abs(slope)
        z = h * slope
        move = h * phi_1(z) * f
        correction = 0.0
        if not is_exact:
            f_end, _ = rate_and_slope_(v, inside(x + move), k)
            _, _, phi_3 = phi_functions(z)
            correction = 2.0 * h * phi_3 * (f_end - f - slope * (inside(x + move) - x))
            error = abs(correction)
            if not error <= tolerance:
                if not h > 1e-14 * duration:
                    return math.nan, math.nan
                h *= max(0.1, 0.9 * (tolerance / error) ** (1.0 / 3.0)) if math.isfinite(error) else 0.1
                continue
        if needs_energy:
            # Gauss's three points on the state as it is within the step.
            for share, weight in GAUSS:
                within = x + share * h * phi_1(share * z) * f + share**3 * correction
                energy += weight * h * v * current_(v, inside(within), k)
        if not math.isfinite(x + move + correction):
            return math.nan, math.nan
        x_new = inside(x + move + correction)
        t = duration if h >= duration - t else t + h
        x = x_new
        f, slope = rate_and_slope_(v, x, k)
        if not is_exact:
            h *= min(5.0, 0.9 * (tolerance / max(error, 1e-300)) ** (1.0 / 3.0))
        else:
            h = duration
    return math.nan, math.nan


GAUSS = (
    (0.5 - 0.5 * math.sqrt(0.6), 5.0 / 18.0),
    (0.5, 8.0 / 18.0),
    (0.5 + 0.5 * math.sqrt(0.6), 5.0 / 18.0),
)


@kernel
def apply_pulses(v, durations, x, constants_of, stuck, tolerance, is_exact, energies):
    """Pulses on all devices, states changed in place; the number of the first device that failed, or -1.

    `energies` is filled where it is as long as `x`; `stuck` is empty where no device is.
    """
    step = 1 if constants_of.shape[0] > 1 else 0
    needs_energy = energies.size > 0
    for i in range(x.size):
        if stuck.size > 0 and not math.isnan(stuck[i]):
            if needs_energy:
                energies[i] = v[i] * v[i] * stuck[i] * durations[i]
            continue
        if durations[i] <= 0.0:
            if needs_energy:
                energies[i] = 0.0
            continue
        counts = needs_energy and v[i] != 0.0
        x_new, energy = after_pulse(v[i], durations[i], x[i], constants_of[i * step], tolerance, is_exact, counts)
        if math.isnan(x_new):
            return i
        x[i] = x_new
        if needs_energy:
            energies[i] = energy
    return -1


@kernel
def find_states(conductances, v, constants_of, x):
    """The state in which each device has a conductance at the voltage `v`; NaN where none has.

    By the Illinois method, which needs two steps where the current is linear in the state.
    """
    step = 1 if constants_of.shape[0] > 1 else 0
    for i in range(x.size):
        k = constants_of[i * step]
        wanted = v * conductances[i]
        # Half of a last digit outside of the range is rounding.
        slack = 1e-12 * abs(wanted)
        low, high = 0.0, 1.0
        below, above = current_(v, low, k) - wanted, current_(v, high, k) - wanted
        if abs(below) <= slack or abs(above) <= slack:
            x[i] = low if abs(below) <= abs(above) else high
            continue
        if not below * above < 0.0:
            x[i] = math.nan
            continue
        side = 0
        middle = 0.5
        for count in range(200):
            middle = (low * above - high * below) / (above - below) if count % 4 < 3 else 0.5 * (low + high)
            value = current_(v, middle, k) - wanted
            if value == 0.0 or high - low <= 2.3e-16:
                break
            if value * above > 0.0:
                high, above = middle, value
                below = 0.5 * below if side == 1 else below
                side = 1
            else:
                low, below = middle, value
                above = 0.5 * above if side == -1 else above
                side = -1
        x[i] = inside(middle)
