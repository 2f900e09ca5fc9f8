"""Functions of exponential integrators, and the range of a state: appended to what steps devices."""


@njit
def phi_1(z):
    return 1.0 + 0.5 * z if abs(z) < 1e-9 else math.expm1(z) / z


@njit
def phi_functions(z):
    """The functions phi_1, phi_2 and phi_3 of exponential integrators at `z`."""
    if abs(z) < 0.5:
        # By its series, since the recursion upwards would lose digits.
        series = 1.0
        for n in range(17, 3, -1):
            series = 1.0 + z * series / n
        phi_3 = series / 6.0
        phi_2 = 0.5 + z * phi_3
        return 1.0 + z * phi_2, phi_2, phi_3
    phi_1 = math.expm1(z) / z
    phi_2 = (phi_1 - 1.0) / z
    return phi_1, phi_2, (phi_2 - 0.5) / z


@njit
def inside(x):
    return min(max(x, 0.0), 1.0)
