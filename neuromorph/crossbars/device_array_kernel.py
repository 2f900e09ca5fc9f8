"""Loops over an array of devices: appended to a model's generated equations.

Voltages are (batches, devices), states (devices,), constants `k` (devices, constants), or of one row where all
devices have the same. `stuck` is empty or has a conductance for each device, not a number where the device works.
"""


@kernel
def fill_constants(p, k):
    for row in range(p.shape[0]):
        constants(p[row], k[row])


@kernel
def fill_conductances(x, k, stuck, out):
    """Conductance of devices whose current is linear in the voltage [S]."""
    broken, step = stuck.size > 0, 1 if k.shape[0] > 1 else 0
    for i in range(x.size):
        if broken and not math.isnan(stuck[i]):
            out[i] = stuck[i]
        else:
            out[i] = conductance_(x[i], k[i * step])


@kernel
def fill_currents(v, x, k, stuck, out):
    broken, step = stuck.size > 0, 1 if k.shape[0] > 1 else 0
    for b in range(v.shape[0]):
        for i in range(x.size):
            if broken and not math.isnan(stuck[i]):
                out[b, i] = stuck[i] * v[b, i]
            else:
                out[b, i] = current_(v[b, i], x[i], k[i * step])


@kernel
def fill_currents_and_slopes(v, x, k, stuck, current, slope):
    """Current [A] and its derivative by the voltage [S]."""
    broken, step = stuck.size > 0, 1 if k.shape[0] > 1 else 0
    for b in range(v.shape[0]):
        for i in range(x.size):
            if broken and not math.isnan(stuck[i]):
                current[b, i] = stuck[i] * v[b, i]
                slope[b, i] = stuck[i]
            else:
                current[b, i], slope[b, i] = current_and_slope_(v[b, i], x[i], k[i * step])


@kernel
def fill_rates(v, x, k, stuck, out):
    broken, step = stuck.size > 0, 1 if k.shape[0] > 1 else 0
    for b in range(v.shape[0]):
        for i in range(x.size):
            # A device through which no path leads has no voltage; nothing moves it.
            if (broken and not math.isnan(stuck[i])) or math.isnan(v[b, i]):
                out[b, i] = 0.0
            else:
                out[b, i] = rate_(v[b, i], x[i], k[i * step])


@kernel
def fill_rates_and_slopes(v, x, k, stuck, rate, slope):
    """Rate of the state [1/s] and its derivative by the state [1/s]."""
    broken, step = stuck.size > 0, 1 if k.shape[0] > 1 else 0
    for b in range(v.shape[0]):
        for i in range(x.size):
            if (broken and not math.isnan(stuck[i])) or math.isnan(v[b, i]):
                rate[b, i] = 0.0
                slope[b, i] = 0.0
            else:
                rate[b, i], slope[b, i] = rate_and_slope_(v[b, i], x[i], k[i * step])


@kernel
def fill_partials(v, x, k, stuck, i_v, i_x, f_v, f_x):
    broken, step = stuck.size > 0, 1 if k.shape[0] > 1 else 0
    for b in range(v.shape[0]):
        for i in range(x.size):
            if broken and not math.isnan(stuck[i]):
                i_v[b, i] = stuck[i]
                i_x[b, i] = 0.0
                f_v[b, i] = 0.0
                f_x[b, i] = 0.0
            else:
                i_v[b, i], i_x[b, i], f_v[b, i], f_x[b, i] = partials_(v[b, i], x[i], k[i * step])
