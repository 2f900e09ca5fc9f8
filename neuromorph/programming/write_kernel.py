"""One device written by pulses and reads, the others exposed to what its lines carry: appended to the pulses' functions.

Devices on which no voltage falls are brought up to date only when something else happens to them; `last` is the time until which
each has been followed, `clock[0]` the time now. Each motion at constant voltage is autonomous, so nothing is lost by waiting.
"""

ISOLATED = 0


@njit
def follow(d, v, duration, x, last, now, constants_of, stuck, tolerance, is_exact):
    """Device `d` through the time that it waited and through a pulse; the energy of the pulse, NaN where it is lost."""
    waited = now - last[d]
    last[d] = now + duration
    if stuck.size > 0 and not math.isnan(stuck[d]):
        return v * v * stuck[d] * duration
    k = constants_of[d if constants_of.shape[0] > 1 else 0]
    energy = 0.0
    if waited > 0.0:
        x[d], _ = after_pulse(0.0, waited, x[d], k, tolerance, is_exact, False)
    if duration > 0.0 and not math.isnan(x[d]):
        x[d], energy = after_pulse(v, duration, x[d], k, tolerance, is_exact, v != 0.0)
    return math.nan if math.isnan(x[d]) else energy


@njit
def read_device(d, v, x, constants_of, stuck):
    """Current over voltage, without what the read does to the state."""
    if stuck.size > 0 and not math.isnan(stuck[d]):
        return stuck[d]
    return current_(v, x[d], constants_of[d if constants_of.shape[0] > 1 else 0]) / v


@kernel
def read_devices(v, x, constants_of, stuck, out):
    for d in range(x.size):
        out[d] = read_device(d, v, x, constants_of, stuck)


@njit
def expose(
    d, n, v, duration, scheme, on_its_lines, elsewhere, x, last, clock, constants_of, stuck, tolerance, is_exact
):
    """A voltage on one device and its shares on the others; energies of the one and of the others."""
    now = clock[0]
    own = follow(d, v, duration, x, last, now, constants_of, stuck, tolerance, is_exact)
    others = 0.0
    if scheme == ISOLATED:
        # For the others time stands still, and for this one it starts anew.
        last[d] = now
        return own, others
    if elsewhere != 0.0:
        for e in range(x.size):
            if e != d:
                share = on_its_lines if e // n == d // n or e % n == d % n else elsewhere
                others += follow(e, share * v, duration, x, last, now, constants_of, stuck, tolerance, is_exact)
    elif on_its_lines != 0.0:
        for e in range(d // n * n, d // n * n + n):
            if e != d:
                others += follow(e, on_its_lines * v, duration, x, last, now, constants_of, stuck, tolerance, is_exact)
        for e in range(d % n, x.size, n):
            if e != d:
                others += follow(e, on_its_lines * v, duration, x, last, now, constants_of, stuck, tolerance, is_exact)
    clock[0] = now + duration
    return own, others


@kernel
def write_device(
    d,
    n,
    target,
    accepted,
    settings,
    noise,
    scheme,
    on_its_lines,
    elsewhere,
    x,
    last,
    clock,
    constants_of,
    stuck,
    tolerance,
    is_exact,
    volts,
    conductances,
    sums,
):
    """Write device `d`; how many pulses it took, -1 where a state was lost, and whether the last reading was accepted.

    `volts` and `conductances` are filled with what each pulse was and what was there before each read; `sums` with the
    energy of its pulses, of its reads, of the other devices, and the time.
    """
    v_first, v_step, v_largest = (settings[0], settings[1]), settings[2], (settings[3], settings[4])
    first_width, growth, longest, pause = settings[5], settings[6], settings[7], settings[8]
    read_voltage, read_width, read_noise, on_sign = settings[9], settings[10], settings[11], settings[12]
    sums[:] = 0.0
    direction, amplitude, width, count = -1, 0.0, 0.0, 0
    while True:
        energy = follow(d, 0.0, 0.0, x, last, clock[0], constants_of, stuck, tolerance, is_exact)
        if math.isnan(energy):
            return -1, False
        conductances[count] = read_device(d, read_voltage, x, constants_of, stuck)
        reading = conductances[count] * (1.0 + read_noise * noise[count])
        own, others = expose(
            d, n, read_voltage, read_width, scheme, 0.0, 0.0, x, last, clock, constants_of, stuck, tolerance, is_exact
        )
        sums[1] += own
        sums[3] += read_width
        if abs(reading - target) <= accepted or count == volts.size:
            return count, abs(reading - target) <= accepted
        before, direction = direction, 0 if reading < target else 1
        if direction == before:
            amplitude, width = min(amplitude + v_step, v_largest[direction]), min(width * growth, longest)
        else:
            amplitude, width = v_first[direction], first_width
        volts[count] = on_sign * amplitude if direction == 0 else -on_sign * amplitude
        own, others = expose(
            d,
            n,
            volts[count],
            width,
            scheme,
            on_its_lines,
            elsewhere,
            x,
            last,
            clock,
            constants_of,
            stuck,
            tolerance,
            is_exact,
        )
        if math.isnan(own + others):
            return -1, False
        sums[0] += own
        sums[2] += others
        sums[3] += width
        if pause > 0.0:
            expose(d, n, 0.0, pause, scheme, 0.0, 0.0, x, last, clock, constants_of, stuck, tolerance, is_exact)
            sums[3] += pause
        count += 1


@kernel
def bring_up_to_date(x, last, clock, constants_of, stuck, tolerance, is_exact):
    """Let every device wait until now; the number of the first that failed, or -1."""
    for d in range(x.size):
        if math.isnan(follow(d, 0.0, 0.0, x, last, clock[0], constants_of, stuck, tolerance, is_exact)):
            return d
    return -1
