"""Steps of the measured circuit by SDIRK, for any device: put between the generated equations and `response`.

A source drives the device through a conductance; a capacitor may lie across the device:

``dx/dt = g(v, x)``,  ``c_p dv/dt = g_s (v_d - v) - i(v, x)``.

SDIRK of order 4 with five stages, L-stable and stiffly accurate, embedded order 3 (Hairer and Wanner, Solving Ordinary
Differential Equations II, table 6.5). Without the capacitor the second equation holds at every stage. Derivatives with respect to
parameters go through the same steps, so they are the derivatives of what is computed.
"""

GAMMA = 0.25
A21 = 0.5
A31, A32 = 17.0 / 50.0, -1.0 / 25.0
A41, A42, A43 = 371.0 / 1360.0, -137.0 / 2720.0, 15.0 / 544.0
A51, A52, A53, A54 = 25.0 / 24.0, -49.0 / 48.0, 125.0 / 16.0, -85.0 / 12.0
C1, C2, C3, C4 = 0.25, 0.75, 0.55, 0.5
E1, E2, E3, E5 = -3.0 / 16.0, -27.0 / 32.0, 25.0 / 32.0, 0.25
# Error of the voltage in one step, where a capacitor makes it a state [V].
V_TOLERANCE = 1e-5


@njit
def solve_stage(x, v, x_known, v_known, drive, h, g_s, loaded, c_p, k):
    """State and voltage of one implicit stage by Newton's method; whether it converged."""
    hg = h * GAMMA
    c_h = c_p / hg
    for _ in range(15):
        i, i_v, i_x, g, g_v, g_x = device(v, x, k)
        r1 = x - x_known - hg * g
        r2 = c_h * (v - v_known) - g_s * (drive - v) + loaded * i
        m11 = 1.0 - hg * g_x
        m12 = -hg * g_v
        m21 = loaded * i_x
        m22 = c_h + g_s + loaded * i_v
        det = m11 * m22 - m12 * m21
        dx = -(m22 * r1 - m12 * r2) / det
        dv = -(m11 * r2 - m21 * r1) / det
        if not (math.isfinite(dx) and math.isfinite(dv)):
            return x, v, False
        # The rates change by e over 26 mV: much longer steps overshoot, and after one of 10 uV the error is below 5 nV.
        large = max(abs(dx) / 0.3, abs(dv) / 0.15)
        if large > 1.0:
            dx /= large
            dv /= large
        x += dx
        v += dv
        if abs(dx) <= 1e-5 and abs(dv) <= 1e-5:
            return x, v, True
    return x, v, False


@njit
def set_stage_derivative(
    s, x, v, v_known, hg, g_s, loaded, c_p, k, columns, known_x, known_v, stage_x, stage_v, i_p, g_p
):
    """Derivatives of one stage's slopes, from the derivatives of what was known before it."""
    _, i_v, i_x, _, g_v, g_x = device(v, x, k)
    device_by_parameters(v, x, k, i_p, g_p)
    c_h = c_p / hg
    m11 = 1.0 - hg * g_x
    m12 = -hg * g_v
    m21 = loaded * i_x
    m22 = c_h + g_s + loaded * i_v
    det = m11 * m22 - m12 * m21
    for n in range(columns.size):
        q = columns[n]
        r1 = known_x[n]
        r2 = c_h * known_v[n]
        if q < N_PARAMETERS:
            r1 += hg * g_p[q]
            r2 -= loaded * i_p[q]
        elif q == DRIVE_OFFSET:
            r2 += g_s
        elif q == CAPACITANCE:
            r2 -= (v - v_known) / hg
        dx = (m22 * r1 - m12 * r2) / det
        dv = (m11 * r2 - m21 * r1) / det
        stage_x[s, n] = (dx - known_x[n]) / hg
        stage_v[s, n] = (dv - known_v[n]) / hg if c_p > 0.0 else dv


@njit
def period(x, v, drive, dt, g_s, loaded, c_p, offset, x_tolerance, k, columns, xs, vs, dxs, dvs, is_again):
    """One pass over the record's samples; fills states, voltages and their derivatives at the samples.

    `xs`, `vs` have one place more than there are intervals; `dxs`, `dvs` one row more.
    Where `is_again` says that they hold an earlier pass, the rest of it is kept once this one has run into it.
    Returns 0, or the number of the sample behind which the step became too short.
    """
    n_columns = columns.size
    known_x = np.zeros(n_columns)
    known_v = np.zeros(n_columns)
    stage_x = np.zeros((5, n_columns))
    stage_v = np.zeros((5, n_columns))
    i_p = np.zeros(N_PARAMETERS)
    g_p = np.zeros(N_PARAMETERS)
    sx = np.zeros(n_columns)
    sv = np.zeros(n_columns)
    for n in range(n_columns):
        if columns[n] == STATE_0:
            sx[n] = 1.0
        elif columns[n] == VOLTAGE_0:
            sv[n] = 1.0
    n_intervals = dt.size
    if c_p == 0.0:
        x_0 = x
        v, solved = solve_voltage(x_0, v, drive[0] + offset, g_s, loaded, k)
        if not solved:
            return 1
        _, i_v, i_x, _, _, _ = device(v, x, k)
        device_by_parameters(v, x, k, i_p, g_p)
        for n in range(n_columns):
            q = columns[n]
            r = -loaded * i_x * sx[n]
            if q < N_PARAMETERS:
                r -= loaded * i_p[q]
            elif q == DRIVE_OFFSET:
                r += g_s
            sv[n] = r / (g_s + loaded * i_v)
    xs[0] = x
    vs[0] = v
    dxs[0, :] = sx
    dvs[0, :] = sv
    h_next = dt[0]
    for j in range(n_intervals):
        start = drive[j] + offset
        slope = (drive[(j + 1) % drive.size] - drive[j]) / dt[j]
        done = 0.0
        whole = dt[j]
        while done < whole:
            h = min(h_next, whole - done)
            # No sliver at the end: what is left is divided evenly.
            if h < whole - done and h > 0.6 * (whole - done):
                h = 0.5 * (whole - done)
            last = h >= whole - done
            d0 = start + slope * done
            hg = h * GAMMA
            error = 0.0
            x1, v1, ok = solve_stage(x, v, x, v, d0 + slope * (C1 * h), h, g_s, loaded, c_p, k)
            if ok:
                k1 = (x1 - x) / hg
                w1 = (v1 - v) / hg if c_p > 0.0 else 0.0
                xk2 = x + h * A21 * k1
                vk2 = v + h * A21 * w1
                x2, v2, ok = solve_stage(x1, v1, xk2, vk2, d0 + slope * (C2 * h), h, g_s, loaded, c_p, k)
            if ok:
                k2 = (x2 - xk2) / hg
                w2 = (v2 - vk2) / hg if c_p > 0.0 else 0.0
                xk3 = x + h * (A31 * k1 + A32 * k2)
                vk3 = v + h * (A31 * w1 + A32 * w2)
                x3, v3, ok = solve_stage(
                    x1 + 0.6 * (x2 - x1), v1 + 0.6 * (v2 - v1), xk3, vk3, d0 + slope * (C3 * h), h, g_s, loaded, c_p, k
                )
            if ok:
                k3 = (x3 - xk3) / hg
                w3 = (v3 - vk3) / hg if c_p > 0.0 else 0.0
                xk4 = x + h * (A41 * k1 + A42 * k2 + A43 * k3)
                vk4 = v + h * (A41 * w1 + A42 * w2 + A43 * w3)
                x4, v4, ok = solve_stage(
                    x1 + (5.0 / 6.0) * (x3 - x1),
                    v1 + (5.0 / 6.0) * (v3 - v1),
                    xk4,
                    vk4,
                    d0 + slope * (C4 * h),
                    h,
                    g_s,
                    loaded,
                    c_p,
                    k,
                )
            if ok:
                k4 = (x4 - xk4) / hg
                w4 = (v4 - vk4) / hg if c_p > 0.0 else 0.0
                xk5 = x + h * (A51 * k1 + A52 * k2 + A53 * k3 + A54 * k4)
                vk5 = v + h * (A51 * w1 + A52 * w2 + A53 * w3 + A54 * w4)
                x5, v5, ok = solve_stage(
                    x2 + (x2 - x4), v2 + (v2 - v4), xk5, vk5, d0 + slope * h, h, g_s, loaded, c_p, k
                )
            if ok:
                k5 = (x5 - xk5) / hg
                _, i_v, i_x, _, g_v, g_x = device(v5, x5, k)
                # Where the circuit is stiff the plain difference of the two solutions says too much.
                stiff = 1.0 - hg * (g_x - g_v * loaded * i_x / (g_s + loaded * i_v + c_p / hg))
                error = abs(h * (E1 * k1 + E2 * k2 + E3 * k3 + E5 * k5)) / max(1.0, abs(stiff)) / x_tolerance
                if c_p > 0.0:
                    w5 = (v5 - vk5) / hg
                    stiff = 1.0 + hg * (g_s + loaded * i_v) / c_p
                    error = max(error, abs(h * (E1 * w1 + E2 * w2 + E3 * w3 + E5 * w5)) / stiff / V_TOLERANCE)
                if not math.isfinite(error):
                    ok = False
            if not ok:
                h_next = 0.25 * h
                if h_next < 1e-9 * whole:
                    return j + 1
                continue
            if error > 1.0:
                h_next = h * max(0.2, 0.85 * error**-0.25)
                if h_next < 1e-9 * whole:
                    return j + 1
                continue
            if n_columns > 0:
                for n in range(n_columns):
                    known_x[n] = sx[n]
                    known_v[n] = sv[n]
                set_stage_derivative(
                    0, x1, v1, v, hg, g_s, loaded, c_p, k, columns, known_x, known_v, stage_x, stage_v, i_p, g_p
                )
                for n in range(n_columns):
                    known_x[n] = sx[n] + h * A21 * stage_x[0, n]
                    known_v[n] = sv[n] + h * A21 * stage_v[0, n]
                set_stage_derivative(
                    1, x2, v2, vk2, hg, g_s, loaded, c_p, k, columns, known_x, known_v, stage_x, stage_v, i_p, g_p
                )
                for n in range(n_columns):
                    known_x[n] = sx[n] + h * (A31 * stage_x[0, n] + A32 * stage_x[1, n])
                    known_v[n] = sv[n] + h * (A31 * stage_v[0, n] + A32 * stage_v[1, n])
                set_stage_derivative(
                    2, x3, v3, vk3, hg, g_s, loaded, c_p, k, columns, known_x, known_v, stage_x, stage_v, i_p, g_p
                )
                for n in range(n_columns):
                    known_x[n] = sx[n] + h * (A41 * stage_x[0, n] + A42 * stage_x[1, n] + A43 * stage_x[2, n])
                    known_v[n] = sv[n] + h * (A41 * stage_v[0, n] + A42 * stage_v[1, n] + A43 * stage_v[2, n])
                set_stage_derivative(
                    3, x4, v4, vk4, hg, g_s, loaded, c_p, k, columns, known_x, known_v, stage_x, stage_v, i_p, g_p
                )
                for n in range(n_columns):
                    known_x[n] = sx[n] + h * (
                        A51 * stage_x[0, n] + A52 * stage_x[1, n] + A53 * stage_x[2, n] + A54 * stage_x[3, n]
                    )
                    known_v[n] = sv[n] + h * (
                        A51 * stage_v[0, n] + A52 * stage_v[1, n] + A53 * stage_v[2, n] + A54 * stage_v[3, n]
                    )
                set_stage_derivative(
                    4, x5, v5, vk5, hg, g_s, loaded, c_p, k, columns, known_x, known_v, stage_x, stage_v, i_p, g_p
                )
                for n in range(n_columns):
                    sx[n] = known_x[n] + hg * stage_x[4, n]
                    sv[n] = known_v[n] + hg * stage_v[4, n] if c_p > 0.0 else stage_v[4, n]
            x = x5
            v = v5
            done = whole if last else done + h
            h_next = h * min(4.0, 0.9 * max(error, 1e-4) ** -0.25)
        if j + 1 < n_intervals:
            h_next = min(h_next, dt[j + 1])
        if is_again and abs(x - xs[j + 1]) <= 1e-4 * x_tolerance and abs(v - vs[j + 1]) <= 1e-8:
            return 0
        xs[j + 1] = x
        vs[j + 1] = v
        dxs[j + 1, :] = sx
        dvs[j + 1, :] = sv
    return 0
