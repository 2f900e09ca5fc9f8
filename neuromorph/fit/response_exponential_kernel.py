"""Steps of the measured circuit by exponentials, for a state equation that is linear in the state.

``dx/dt = a(v) - b(v) x``,  ``0 = g_s (v_d - v) - i(v, x)``.

Over a step of length `h`, `mean` is Simpson's mean of `b` and ``dx/dt = n - mean x`` is solved exactly for the parabola `n` through
``a(v) - (b(v) - mean) x`` at the step's start, middle and end (collocation as of exponential Runge-Kutta methods: Hochbruck and
Ostermann, Acta Numerica 19, 2010). So a constant voltage takes one step of any length and no error, fast rates limit no step,
and the order is 4. Where the voltage is imposed the two unknown states follow from a linear system; otherwise Newton's method
finds them with their voltages. The slopes of `n` at both ends, which the derivatives of the device give, are not used by the
parabola: what they miss of it is the error. Derivatives with respect to parameters go through the same steps, the mean included.
"""

# The estimated error counts this much: it is that of order 4 itself, where others estimate that of a worse method.
SAFETY = 10.0


@njit
def exponential_functions(z):
    """exp(z), then the integral over s in [0, 1] of exp(z (1 - s)) s^(k-1)/(k-1)! for k = 1 to 4."""
    if abs(z) < 1.0:
        if abs(z) < 1e-2:
            p4 = 1.0 / 24.0 + z * (1.0 / 120.0 + z * (1.0 / 720.0 + z * (1.0 / 5040.0 + z / 40320.0)))
        else:
            p4 = 1.0
            for n in range(18, 4, -1):
                p4 = 1.0 + p4 * z / n
            p4 /= 24.0
        p3 = 1.0 / 6.0 + z * p4
        p2 = 0.5 + z * p3
        p1 = 1.0 + z * p2
        return 1.0 + z * p1, p1, p2, p3, p4
    e = math.exp(z)
    p1 = (e - 1.0) / z
    p2 = (p1 - 1.0) / z
    p3 = (p2 - 0.5) / z
    return e, p1, p2, p3, (p3 - 1.0 / 6.0) / z


@njit
def doubled(e, p1, p2, p3, p4):
    """The exponential functions of twice the argument."""
    q1 = 0.5 * (e * p1 + p1)
    q2 = 0.25 * (e * p2 + p1 + p2)
    q3 = 0.125 * (e * p3 + 0.5 * p1 + p2 + p3)
    q4 = 0.0625 * (e * p4 + p1 / 6.0 + 0.5 * p2 + p3 + p4)
    return e * e, q1, q2, q3, q4


@njit
def weights_at_middle(h, p1, p2, p3):
    """What start, middle and end of the parabola count in the state in the middle; functions of half the step."""
    return h * (0.5 * p1 - 0.75 * p2 + 0.5 * p3), h * (p2 - p3), h * (0.5 * p3 - 0.25 * p2)


@njit
def weights_at_end(h, p1, p2, p3):
    """What they count in the state at the end; functions of the whole step."""
    return h * (p1 - 3.0 * p2 + 4.0 * p3), h * (4.0 * p2 - 8.0 * p3), h * (4.0 * p3 - p2)


@njit
def node(x, v, drive, g_s, loaded, k):
    """The circuit at one instant.

    Returns the state's rate on the circuit's line, its derivatives by state and drive, the relaxation rate `b`, its
    derivatives by state and (at a held state) voltage, those of the voltage by state and drive, and the voltage's defect.
    """
    i, i_v, i_x, a, a_v, b, b_v = linear_device(v, x, k)
    load = 1.0 / (g_s + loaded * i_v)
    defect = (g_s * (drive - v) - loaded * i) * load
    v_x = -loaded * i_x * load
    v_d = g_s * load
    g_v = a_v - b_v * x
    return a - b * x + g_v * defect, g_v * v_x - b, g_v * v_d, b + b_v * defect, b_v * v_x, v_x, v_d, defect


@njit
def has_parameters(columns):
    """Whether a column moves the circuit at a held state, not just the start."""
    moving = False
    for q in columns:
        moving |= q < N_PARAMETERS or q == DRIVE_OFFSET
    return moving


@njit
def node_by_parameters(x, v, g_s, loaded, k, columns, i_p, a_p, b_p, f_q, b_q, v_q):
    """Derivatives of rate, relaxation rate and voltage by the columns at a held state."""
    if not has_parameters(columns):
        return
    _, i_v, _, _, a_v, _, b_v = linear_device(v, x, k)
    linear_device_by_parameters(v, x, k, i_p, a_p, b_p)
    load = 1.0 / (g_s + loaded * i_v)
    g_v = a_v - b_v * x
    for n in range(columns.size):
        q = columns[n]
        if q < N_PARAMETERS:
            v_q[n] = -loaded * i_p[q] * load
            f_q[n] = a_p[q] - b_p[q] * x + g_v * v_q[n]
            b_q[n] = b_p[q] + b_v * v_q[n]
        else:
            v_q[n] = g_s * load if q == DRIVE_OFFSET else 0.0
            f_q[n] = g_v * v_q[n]
            b_q[n] = b_v * v_q[n]


@njit
def step(x, v, h, slope, drive, start, near, g_s, loaded, k):
    """One step: its middle and its end.

    `start` is what :func:`node` gave at the start; after a correction below `near` Newton's method stops. Returns whether the
    equations were solved, state and voltage of middle and end, the error of the state at the end, and the end as
    :func:`node` gives it.
    """
    f_0, j_0, d_0, b_0, _, vx_0, vd_0, _ = start
    # What a linearly implicit step foretells is near enough for Newton's method.
    damping = min(j_0, 0.0)
    x_1 = x + h * (f_0 + 0.5 * h * d_0 * slope) / (1.0 - 0.5 * h * damping)
    x_m = x + 0.5 * h * (f_0 + 0.25 * h * d_0 * slope) / (1.0 - 0.25 * h * damping)
    v_1 = v + vx_0 * (x_1 - x) + vd_0 * slope * h
    v_m = v + vx_0 * (x_m - x) + vd_0 * slope * 0.5 * h
    drive_1 = drive + slope * h
    drive_m = drive + slope * 0.5 * h
    for _ in range(12):
        f_m, j_m, d_m, b_m, bx_m, vx_m, vd_m, defect_m = node(x_m, v_m, drive_m, g_s, loaded, k)
        f_1, j_1, d_1, b_1, bx_1, vx_1, vd_1, defect_1 = node(x_1, v_1, drive_1, g_s, loaded, k)
        mean = (b_0 + 4.0 * b_m + b_1) / 6.0
        half, p1, p2, p3, p4 = exponential_functions(-0.5 * h * mean)
        m_0, m_m, m_1 = weights_at_middle(h, p1, p2, p3)
        whole, p1, p2, p3, p4 = doubled(half, p1, p2, p3, p4)
        e_0, e_m, e_1 = weights_at_end(h, p1, p2, p3)
        n_0 = f_0 + mean * x
        n_m = f_m + mean * x_m
        n_1 = f_1 + mean * x_1
        r_m = x_m - half * x - m_0 * n_0 - m_m * n_m - m_1 * n_1
        r_1 = x_1 - whole * x - e_0 * n_0 - e_m * n_m - e_1 * n_1
        a11 = 1.0 - m_m * (j_m + mean)
        a12 = -m_1 * (j_1 + mean)
        a21 = -e_m * (j_m + mean)
        a22 = 1.0 - e_1 * (j_1 + mean)
        det = a11 * a22 - a12 * a21
        dx_m = -(a22 * r_m - a12 * r_1) / det
        dx_1 = -(a11 * r_1 - a21 * r_m) / det
        dv_m = vx_m * dx_m + defect_m
        dv_1 = vx_1 * dx_1 + defect_1
        size_x = max(abs(dx_m), abs(dx_1))
        size_v = max(abs(dv_m), abs(dv_1))
        if not math.isfinite(size_x + size_v):
            return False, x_m, v_m, x_1, v_1, math.inf, start, start
        # The rates change by e over 26 mV: much longer steps overshoot.
        large = max(size_x / 0.3, size_v / 0.15)
        share = 1.0 / large if large > 1.0 and loaded > 0.0 else 1.0
        x_m += share * dx_m
        x_1 += share * dx_1
        v_m += share * dv_m
        v_1 += share * dv_1
        # An imposed voltage leaves linear equations: they are solved.
        if loaded == 0.0 or (size_x <= near and size_v <= near):
            f_1 += j_1 * dx_1
            b_1 += bx_1 * dx_1
            n_m += (j_m + mean) * dx_m
            n_1 += (j_1 + mean) * dx_1
            first = 4.0 * n_m - 3.0 * n_0 - n_1
            missed_0 = h * ((j_0 + mean) * f_0 + d_0 * slope) - first
            missed_1 = h * ((j_1 + mean) * f_1 + d_1 * slope) - first - 4.0 * (n_0 - 2.0 * n_m + n_1)
            z = h * abs(mean)
            coupling = z / 120.0 + h * max(abs(j_0 + mean), abs(j_1 + mean)) / 96.0
            error = h * (abs(missed_1 - missed_0) / 60.0 + coupling * abs(missed_0 + missed_1))
            middle = (f_m + j_m * dx_m, j_m, d_m, b_m + bx_m * dx_m, bx_m, vx_m, vd_m, 0.0)
            end = (f_1, j_1, d_1, b_1, bx_1, vx_1, vd_1, 0.0)
            return True, x_m, v_m, x_1, v_1, SAFETY * error / (1.0 + 0.2 * z) ** 2, middle, end
    return False, x_m, v_m, x_1, v_1, math.inf, start, start


@njit
def carry(h, x, x_m, x_1, start, middle, end, f_m, b_m, f_1, b_1, sx, sf, sb):
    """Take the derivatives of state, rate and relaxation rate (`sx`, `sf`, `sb`) from a step's start to its end."""
    mean = (start[3] + 4.0 * middle[3] + end[3]) / 6.0
    n_0 = start[0] + mean * x
    n_m = middle[0] + mean * x_m
    n_1 = end[0] + mean * x_1
    half, p1, p2, p3, p4 = exponential_functions(-0.5 * h * mean)
    m_0, m_m, m_1 = weights_at_middle(h, p1, p2, p3)
    # By the mean rate: of the exponential functions (each less its order times the next), then of the parabola.
    by_0, by_m, by_1 = weights_at_middle(h, p1 - p2, p2 - 2.0 * p3, p3 - 3.0 * p4)
    m_l = m_0 * x + m_m * x_m + m_1 * x_1 - 0.5 * h * (half * x + by_0 * n_0 + by_m * n_m + by_1 * n_1)
    whole, p1, p2, p3, p4 = doubled(half, p1, p2, p3, p4)
    e_0, e_m, e_1 = weights_at_end(h, p1, p2, p3)
    by_0, by_m, by_1 = weights_at_end(h, p1 - p2, p2 - 2.0 * p3, p3 - 3.0 * p4)
    e_l = e_0 * x + e_m * x_m + e_1 * x_1 - h * (whole * x + by_0 * n_0 + by_m * n_m + by_1 * n_1)
    a11 = 1.0 - m_m * (middle[1] + mean) - m_l * middle[4] * (4.0 / 6.0)
    a12 = -m_1 * (end[1] + mean) - m_l * end[4] / 6.0
    a21 = -e_m * (middle[1] + mean) - e_l * middle[4] * (4.0 / 6.0)
    a22 = 1.0 - e_1 * (end[1] + mean) - e_l * end[4] / 6.0
    det = a11 * a22 - a12 * a21
    for n in range(sx.size):
        l_q = (sb[n] + 4.0 * b_m[n] + b_1[n]) / 6.0
        n_q = sf[n] + mean * sx[n]
        r_m = half * sx[n] + m_0 * n_q + m_m * f_m[n] + m_1 * f_1[n] + m_l * l_q
        r_1 = whole * sx[n] + e_0 * n_q + e_m * f_m[n] + e_1 * f_1[n] + e_l * l_q
        sx[n] = (a11 * r_1 - a21 * r_m) / det
        sf[n] = end[1] * sx[n] + f_1[n]
        sb[n] = end[4] * sx[n] + b_1[n]


@njit
def period(x, v, drive, dt, g_s, loaded, c_p, offset, x_tolerance, k, columns, xs, vs, dxs, dvs, is_again):
    """One pass over the record's samples; fills states, voltages and their derivatives at the samples.

    `xs`, `vs` have one place more than there are intervals; `dxs`, `dvs` one row more. There is no capacitor: `c_p` is 0.
    Where `is_again` says that they hold an earlier pass, the rest of it is kept once this one has run into it.
    Returns 0, or the number of the sample behind which the step became too short.
    """
    n_columns = columns.size
    # What a correction of Newton's method leaves is about 50 times its square.
    near = min(1e-4, max(1e-6, 1e-2 * math.sqrt(x_tolerance)))
    is_exact = has_parameters(columns)
    i_p, a_p, b_p = np.zeros(N_PARAMETERS), np.zeros(N_PARAMETERS), np.zeros(N_PARAMETERS)
    # Derivatives of state, rate and relaxation rate where the step starts; then those at a held state, at both nodes.
    sx, sf, sb = np.zeros(n_columns), np.zeros(n_columns), np.zeros(n_columns)
    f_m, b_m, f_1, b_1 = np.zeros(n_columns), np.zeros(n_columns), np.zeros(n_columns), np.zeros(n_columns)
    v_q = np.zeros(n_columns)
    v, solved = solve_voltage(x, v, drive[0] + offset, g_s, loaded, k)
    if not solved:
        return 1
    start = node(x, v, drive[0] + offset, g_s, loaded, k)
    node_by_parameters(x, v, g_s, loaded, k, columns, i_p, a_p, b_p, sf, sb, v_q)
    for n in range(n_columns):
        if columns[n] == STATE_0:
            sx[n] = 1.0
        sf[n] += start[1] * sx[n]
        sb[n] += start[4] * sx[n]
        dxs[0, n] = sx[n]
        dvs[0, n] = start[5] * sx[n] + v_q[n]
    xs[0] = x
    vs[0] = v
    h_next = dt[0]
    for j in range(dt.size):
        slope = (drive[(j + 1) % drive.size] - drive[j]) / dt[j]
        done = 0.0
        whole = dt[j]
        while done < whole:
            h = min(h_next, whole - done)
            # No sliver at the end: what is left is divided evenly.
            if h < whole - done and h > 0.6 * (whole - done):
                h = 0.5 * (whole - done)
            last = h >= whole - done
            before = drive[j] + offset + slope * done
            ok, x_m, v_m, x_1, v_1, error, middle, end = step(x, v, h, slope, before, start, near, g_s, loaded, k)
            error /= x_tolerance
            if not (ok and error <= 1.0):
                h_next = h * max(0.2, 0.85 * error**-0.2) if ok and math.isfinite(error) else 0.25 * h
                if h_next < 1e-9 * whole:
                    return j + 1
                continue
            # Derivatives by parameters are wanted to more digits than a linear correction leaves.
            if is_exact:
                end = node(x_1, v_1, before + slope * h, g_s, loaded, k)
                middle = node(x_m, v_m, before + slope * 0.5 * h, g_s, loaded, k)
                node_by_parameters(x_m, v_m, g_s, loaded, k, columns, i_p, a_p, b_p, f_m, b_m, v_q)
                node_by_parameters(x_1, v_1, g_s, loaded, k, columns, i_p, a_p, b_p, f_1, b_1, v_q)
            if n_columns > 0:
                carry(h, x, x_m, x_1, start, middle, end, f_m, b_m, f_1, b_1, sx, sf, sb)
            x = x_1
            v = v_1
            start = end
            done = whole if last else done + h
            h_next = h * min(4.0, 0.9 * max(error, 1e-5) ** -0.2)
        if j + 1 < dt.size:
            h_next = min(h_next, dt[j + 1])
        if is_again and abs(x - xs[j + 1]) <= 1e-4 * x_tolerance and abs(v - vs[j + 1]) <= 1e-8:
            return 0
        xs[j + 1] = x
        vs[j + 1] = v
        for n in range(n_columns):
            dxs[j + 1, n] = sx[n]
            dvs[j + 1, n] = start[5] * sx[n] + v_q[n]
    return 0
