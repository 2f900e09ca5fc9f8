"""Memristive synapses of one model in a network, through a time in which no line changes.

Not imported: its text follows the generated ``device_current``, ``device_slope`` and ``device_rate`` of one model (see
``network_source.py``). Between changes of the lines the voltage of a device is constant.

``devices`` is line, line behind or -1, target, voltages of both lines [V], factor, states now and at the end of the
stretch, and parameters.
"""

LINES, BACK_LINES, TARGETS, V_LINES, V_BACKS, FACTORS, X, NEW_X, VALUES = 0, 1, 2, 3, 4, 5, 6, 7, 8


@njit
def device_voltage(e, devices, active):
    """Voltage of one device [V]."""
    v = devices[V_LINES][e] * active[devices[LINES][e]]
    if devices[BACK_LINES][e] >= 0:
        v -= devices[V_BACKS][e] * active[devices[BACK_LINES][e]]
    return v


@njit
def advance_devices(h, devices, active, currents, adds):
    """Move the states by ``h`` [s] and, where asked for, add what the devices give to their targets as cubics."""
    for e in range(devices[X].shape[0]):
        v, p = device_voltage(e, devices, active), pack_values(devices[VALUES][e])
        x = devices[X][e]
        k1 = device_rate(v, x, p)
        k2 = device_rate(v, x + 0.5 * h * k1, p)
        k3 = device_rate(v, x + 0.5 * h * k2, p)
        k4 = device_rate(v, x + h * k3, p)
        x1 = min(max(x + h / 6.0 * (k1 + 2.0 * (k2 + k3) + k4), 0.0), 1.0)
        devices[NEW_X][e] = x1
        if adds:
            factor = devices[FACTORS][e]
            add_cubic(
                currents[devices[TARGETS][e]],
                h,
                factor * device_current(v, x, p),
                factor * device_slope(v, x, p) * k1,
                factor * device_current(v, x1, p),
                factor * device_slope(v, x1, p) * device_rate(v, x1, p),
            )


@njit
def accept_devices(devices):
    """Make the end of the stretch the present."""
    for e in range(devices[X].shape[0]):
        devices[X][e] = devices[NEW_X][e]


@njit
def add_device_currents(devices, active, synaptic):
    """Add the present currents of all devices to those of their targets [A]."""
    for e in range(devices[X].shape[0]):
        v, p = device_voltage(e, devices, active), pack_values(devices[VALUES][e])
        synaptic[devices[TARGETS][e]] += devices[FACTORS][e] * device_current(v, devices[X][e], p)
