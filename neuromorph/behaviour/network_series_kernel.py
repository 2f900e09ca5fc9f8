"""A memristive synapse in series with a resistance: its own voltage by Newton's method.

Not imported: its text follows the generated ``own_current``, ``own_conductance``, ``own_slope`` and ``own_rate`` of one model (see
``network_source.py``), of the device's own voltage; ``RESISTANCE`` and ``V_OFFSET`` are places in the parameters.
"""

MOST_NEWTON_STEPS = 200


@njit
def own_voltage(v, x, p):
    """Voltage ``u`` of the device itself [V]: ``u + r i(u, x) = v - v_offset``.

    A device's current rises with its voltage, so there is one, and it lies between 0 V and what would be left if the device gave its
    current at 0 V, which not every model has as zero: steps that leave these bounds are halved intervals instead.
    """
    total = v - p[V_OFFSET]
    left = total - p[RESISTANCE] * own_current(0.0, x, p)
    low, high = min(left, 0.0), max(left, 0.0)
    u = left
    for _ in range(MOST_NEWTON_STEPS):
        excess = u + p[RESISTANCE] * own_current(u, x, p) - total
        if excess > 0.0:
            high = u
        else:
            low = u
        step = excess / (1.0 + p[RESISTANCE] * own_conductance(u, x, p))
        following = u - step
        if not low <= following <= high:
            following = 0.5 * (low + high)
        if following == u or abs(following - u) <= 1e-15 * abs(total):
            return following
        u = following
    return u


@njit
def device_current(v, x, p):
    """Current through both [A]."""
    return own_current(own_voltage(v, x, p), x, p)


@njit
def device_slope(v, x, p):
    """Derivative of that current by the state [A]."""
    u = own_voltage(v, x, p)
    return own_slope(u, x, p) / (1.0 + p[RESISTANCE] * own_conductance(u, x, p))


@njit
def device_rate(v, x, p):
    """Rate of the state [1/s]."""
    return own_rate(own_voltage(v, x, p), x, p)
