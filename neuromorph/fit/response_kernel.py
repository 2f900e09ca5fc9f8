"""The measured circuit over one record: appended to a device's generated equations and one of the two steppers.

A stepper gives ``period``, which goes through the record once. Here are what comes before it and after it: the voltage in a
known state, the periodic steady state, currents and derivatives at the samples.
"""

# Circuit parameters behind the device's: drive offset [V], parasitic capacitance [F], state and voltage at the start.
DRIVE_OFFSET, CAPACITANCE, STATE_0, VOLTAGE_0 = N_PARAMETERS, N_PARAMETERS + 1, N_PARAMETERS + 2, N_PARAMETERS + 3


@njit
def solve_voltage(x, v, drive, g_s, loaded, k):
    """Voltage across the device in a state, without the capacitor."""
    for _ in range(60):
        i, i_v, _, _, _, _ = device(v, x, k)
        dv = -(loaded * i - g_s * (drive - v)) / (g_s + loaded * i_v)
        if not math.isfinite(dv):
            return v, False
        dv = max(-0.2, min(0.2, dv))
        v += dv
        if abs(dv) <= 1e-10:
            return v, True
    return v, False


@njit
def settle(x, v, x_range, only_start, drive, dt, g_s, loaded, c_p, offset, tolerance, share, k, xs, vs):
    """The periodic solution, found from state `x` and voltage `v` at the start; fills states and voltages.

    `x_range` is what is known of the range of the state, 0 where nothing is. The solution closes to this `share` of the
    tolerated error; where the start alone is asked for, the rest may be that of another start. Returns status (0 is good),
    passes, state and voltage at the start, and the range of the state.
    """
    start = np.array([STATE_0, VOLTAGE_0]) if c_p > 0.0 else np.array([STATE_0])
    last = dt.size
    xs_by = np.zeros((last + 1, start.size))
    vs_by = np.zeros((last + 1, start.size))
    low, high = STATE_LOW, STATE_HIGH
    is_fine = False
    known_range = x_range if x_range > 0.0 else 1.0
    for passes in range(1, 61):
        x_tolerance = tolerance * max(known_range, 1e-4)
        is_again = passes > 1 and is_fine
        status = period(
            x, v, drive, dt, g_s, loaded, c_p, offset, x_tolerance, k, start, xs, vs, xs_by, vs_by, is_again
        )
        if status != 0:
            return status, passes, x, v, known_range
        # What a first pass took for the range is near enough where it is not much too large.
        x_range = xs.max() - xs.min()
        is_fine = passes > 1 or 3.0 * x_range >= known_range
        known_range = x_range
        x_tolerance = tolerance * max(known_range, 1e-4)
        defect = xs[last] - x
        v_defect = vs[last] - v if c_p > 0.0 else 0.0
        # Solutions of one equation of first order keep their order, so the map of a period rises.
        if defect > 0.0:
            low = max(low, x)
        else:
            high = min(high, x)
        # Newton's method for the start; behind a capacitor its voltage is a second unknown.
        slope = 1.0 - xs_by[last, 0]
        v_change = 0.0
        change = defect / slope
        if c_p > 0.0:
            v_slope = 1.0 - vs_by[last, 1]
            det = slope * v_slope - xs_by[last, 1] * vs_by[last, 0]
            change = (v_slope * defect + xs_by[last, 1] * v_defect) / det
            v_change = (slope * v_defect + vs_by[last, 0] * defect) / det
        # A state that hardly moves in a period closes from anywhere: it is the start that must be right, if it can be known.
        is_known = slope > 1e-11
        is_closed = abs(defect) <= share * x_tolerance and abs(v_defect) <= 1e-7
        if is_fine and ((is_closed and (abs(change) <= share * tolerance or not is_known)) or high - low < 1e-14):
            return 0, passes, x, v, known_range
        new = x + change
        is_inside = low <= new <= high
        # What is left of a small correction is about 50 times its square; of a linear equation nothing is left.
        is_small = 50.0 * change**2 <= share * x_tolerance and abs(v_change) <= 1e-4
        if is_fine and is_known and is_inside and (is_small or (IS_LINEAR and loaded == 0.0)):
            for j in range(last + 1):
                xs[j] += xs_by[j, 0] * change
                vs[j] += vs_by[j, 0] * change
                if c_p > 0.0:
                    xs[j] += xs_by[j, 1] * v_change
                    vs[j] += vs_by[j, 1] * v_change
            return 0, passes, new, vs[0], known_range
        # A start that is forgotten within a period is known once a period has been simulated.
        if only_start and is_inside and abs(xs_by[last, 0] * change) <= share * x_tolerance:
            return 0, passes, new, vs[last], known_range
        v = vs[last]
        if is_inside and is_known:
            v = vs[0] + v_change
        elif slope > 0.5 and low <= xs[last] <= high:
            new = xs[last]
        elif not is_inside:
            new = 0.5 * (low + high)
        x = new
    return -1, passes, x, v, known_range


@kernel
def response(
    x_0,
    v_0,
    x_range,
    periodic,
    drive,
    dt,
    g_s,
    loaded,
    c_p,
    offset,
    tolerance,
    parameters,
    columns,
    xs,
    vs,
    dxs,
    dvs,
    current,
    current_by,
):
    """States, voltages and currents at the samples, with the derivatives by `columns`.

    `columns` end with STATE_0 and VOLTAGE_0 when there are any. `tolerance` is relative to the range of the state. Where
    `x_range` is given, `x_0` and `v_0` are known to lie on the periodic solution, which has that range.
    Returns status (0 is good) and passes.
    """
    k = constants(parameters)
    n_columns = columns.size
    passes = 0
    x = x_0
    v = v_0
    last = xs.size - 1
    if periodic and x_range == 0.0:
        stride = dt.size // 24
        if stride > 1:
            # A coarse course of the drive leads near the periodic solution at a tenth of the price.
            few = (dt.size + stride - 1) // stride
            coarse_drive, coarse_dt = np.zeros(few), np.zeros(few)
            for j in range(dt.size):
                coarse_dt[j // stride] += dt[j]
            for j in range(few):
                coarse_drive[j] = drive[j * stride]
            at = np.zeros((2, few + 1))
            status, _, x, v, x_range = settle(
                x, v, 0.0, True, coarse_drive, coarse_dt, g_s, loaded, c_p, offset, 1e-2, 0.1, k, at[0], at[1]
            )
            # Where a coarse drive has no solution the fine one may.
            if status != 0:
                x, v, x_range = x_0, v_0, 0.0
        status, passes, x, v, x_range = settle(
            x, v, x_range, False, drive, dt, g_s, loaded, c_p, offset, tolerance, 0.03, k, xs, vs
        )
        if status != 0:
            return status, passes
    x_tolerance = tolerance * max(x_range, 1e-4) if periodic else tolerance
    if n_columns > 0 or not periodic:
        status = period(x, v, drive, dt, g_s, loaded, c_p, offset, x_tolerance, k, columns, xs, vs, dxs, dvs, False)
        passes += 1
        if status != 0:
            return status, passes
    if periodic and n_columns > 0:
        # y0 = P(y0, p) gives dy0/dp = (1 - dP/dy0)^-1 dP/dp.
        ix = n_columns - 2
        iv = n_columns - 1
        a11 = 1.0 - dxs[last, ix]
        a12 = 0.0
        a21 = 0.0
        a22 = 1.0
        if c_p > 0.0:
            a12 = -dxs[last, iv]
            a21 = -dvs[last, ix]
            a22 = 1.0 - dvs[last, iv]
        det = a11 * a22 - a12 * a21
        for n in range(n_columns - 2):
            bx = dxs[last, n]
            bv = dvs[last, n] if c_p > 0.0 else 0.0
            x_by = (a22 * bx - a12 * bv) / det
            v_by = (a11 * bv - a21 * bx) / det
            for j in range(xs.size):
                dxs[j, n] += dxs[j, ix] * x_by + dxs[j, iv] * v_by
                dvs[j, n] += dvs[j, ix] * x_by + dvs[j, iv] * v_by
    i_p = np.zeros(N_PARAMETERS)
    g_p = np.zeros(N_PARAMETERS)
    for j in range(current.size):
        if loaded > 0.0:
            current[j] = g_s * (drive[j] + offset - vs[j])
            for n in range(n_columns):
                current_by[j, n] = g_s * ((1.0 if columns[n] == DRIVE_OFFSET else 0.0) - dvs[j, n])
        else:
            i, i_v, i_x, _, _, _ = device(vs[j], xs[j], k)
            current[j] = i
            if n_columns > 0:
                device_by_parameters(vs[j], xs[j], k, i_p, g_p)
            for n in range(n_columns):
                direct = i_p[columns[n]] if columns[n] < N_PARAMETERS else 0.0
                current_by[j, n] = direct + i_v * dvs[j, n] + i_x * dxs[j, n]
    return 0, passes
