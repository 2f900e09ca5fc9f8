"""A smooth course over a stretch of time, as a cubic.

Not imported: its text stands in the modules of networks (see ``network_source.py``).
"""


@njit
def add_cubic(coefficients, h, v0, s0, v1, s1):
    """Add the cubic with these values and slopes at the ends of ``h`` [s] to the coefficients of another."""
    coefficients[0] += v0
    coefficients[1] += s0
    if h > 0.0:
        mean = (v1 - v0) / h
        coefficients[2] += (3.0 * mean - 2.0 * s0 - s1) / h
        coefficients[3] += (s0 + s1 - 2.0 * mean) / (h * h)
