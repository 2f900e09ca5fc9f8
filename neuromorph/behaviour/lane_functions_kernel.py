"""exp, log, tanh and the logistic function without branches or tables, so that loops around them are vectorised.

Not imported: its text stands in generated modules (see ``lanes.py``). A call into the C library would keep the compiler from
writing vector instructions, so numbers are taken apart by their bits. Fused products are asked for where they are
meant: the bits of a result do not depend on the machine.

The reductions of exp and log and the polynomials of log, sin and cos are those of fdlibm (Sun Microsystems, 1993).
"""

import numba.types
from llvmlite import ir
from numba.extending import intrinsic


@intrinsic
def as_bits(context, x):
    """The 64 bits of a float."""

    def write(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.IntType(64))

    return numba.types.uint64(numba.types.float64), write


@intrinsic
def as_float(context, bits):
    """The float that has these 64 bits."""

    def write(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.DoubleType())

    return numba.types.float64(numba.types.uint64), write


@intrinsic
def fma(context, a, b, c):
    """``a * b + c``, rounded once."""

    def write(context, builder, signature, arguments):
        return builder.fma(*arguments)

    real = numba.types.float64
    return real(real, real, real), write


@intrinsic
def trailing_zeros(context, bits):
    """How many zeros end a number that is not zero."""

    def write(context, builder, signature, arguments):
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return numba.types.int64(numba.types.uint64), write


LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
# Added to a float, they round it to a whole number, which then stands in the last bits.
ROUNDING = 6755399441055744.0
WHOLE = np.uint64(0x4330000000000000)
ONE, MANTISSA = np.uint64(0x3FF0000000000000), np.uint64(0x000FFFFFFFFFFFFF)
SQRT_HALF = np.uint64(0x3FE6A09E00000000)
BIT_52, U0, U1, U2 = np.uint64(52), np.uint64(0), np.uint64(1), np.uint64(2)


@njit
def log_of_normal(x):
    """Natural logarithm of a positive float that is neither subnormal nor infinite."""
    bits = as_bits(x) - SQRT_HALF
    k = as_float(((bits + np.uint64(0x4000000000000000)) >> BIT_52) | WHOLE) - (4503599627370496.0 + 1024.0)
    f = as_float((bits & MANTISSA) + SQRT_HALF) - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = fma(w, fma(w, 1.531383769920937332e-01, 2.222219843214978396e-01), 3.999999999940941908e-01)
    odd = fma(w, 1.479819860511658591e-01, 1.818357216161805012e-01)
    odd = fma(w, fma(w, odd, 2.857142874366239149e-01), 6.666666666666735130e-01)
    half = 0.5 * f * f
    return fma(k, LN2_HIGH, f - (half - fma(s, half + fma(w, even, z * odd), k * LN2_LOW)))


@njit
def lane_log(x):
    """Natural logarithm; of zero minus infinity, of a negative number not a number."""
    small = x < 2.2250738585072014e-308
    value = log_of_normal(x * 18014398509481984.0 if small else x) - (37.429947750237048 if small else 0.0)
    value = x if x > 1.7976931348623157e308 else value
    value = -math.inf if x == 0.0 else value
    return value if x >= 0.0 else math.nan


@njit
def exp_parts(x):
    """A number of about one, and a float whose last bits are a whole number: ``exp(x)`` is the one times two to the other."""
    shifted = fma(x, 1.44269504088896338700, ROUNDING)
    k = shifted - ROUNDING
    r = fma(k, -LN2_LOW, fma(k, -LN2_HIGH, x))
    # The series to r**13, in pairs; what is left out is below 5e-18.
    z = r * r
    w = z * z
    a = fma(z, fma(r, 1.0 / 5040.0, 1.0 / 720.0), fma(r, 1.0 / 120.0, 1.0 / 24.0))
    b = fma(z, fma(r, 1.0 / 39916800.0, 1.0 / 3628800.0), fma(r, 1.0 / 362880.0, 1.0 / 40320.0))
    c = fma(r, 1.0 / 6227020800.0, 1.0 / 479001600.0)
    tail = fma(w, fma(w, c, b), a)
    return 1.0 + fma(z, fma(z, tail, fma(r, 1.0 / 6.0, 0.5)), r), shifted


@njit
def lane_exp(x):
    """Exponential function."""
    inside = x if x > -746.0 else -746.0
    inside = inside if inside < 710.0 else 710.0
    value, shifted = exp_parts(inside)
    k = shifted - ROUNDING
    # Two factors, since one of them alone could be too small or too large for a float.
    half = as_bits(fma(k, 0.5, ROUNDING))
    rest = as_bits(k - (as_float(half) - ROUNDING) + ROUNDING)
    value = value * as_float((half << BIT_52) + ONE) * as_float((rest << BIT_52) + ONE)
    return value if x == x else x


@njit
def lane_logistic(x):
    """``1 / (1 + exp(-x))``."""
    # Between these, two to a whole number is a float, infinity at the lower end; and they leave alone what is not a number.
    inside = 708.0 if x > 708.0 else x
    inside = -710.0 if inside < -710.0 else inside
    value, shifted = exp_parts(-inside)
    return 1.0 / (1.0 + value * as_float((as_bits(shifted) << BIT_52) + ONE))


@njit
def power_of_two(k):
    """Two to a whole number."""
    # Within these, two powers and a product of both are floats; and they leave alone what is not a number.
    inside = 500.0 if k > 500.0 else k
    inside = -500.0 if inside < -500.0 else inside
    return as_float((as_bits(inside + ROUNDING) << BIT_52) + ONE)


@njit
def logistic_pair(x, total):
    """``1 / (1 + exp(-x))`` and ``1 / (1 + exp(x - total))``, below 1e-150 only in that they are."""
    a, shifted = exp_parts(-x)
    b, shifted_total = exp_parts(-total)
    # Of exp(-x) = a 2**k the second one's is the quotient of exp(-total) by it: without overflow, for any total.
    k = shifted - ROUNDING
    first = fma(a, power_of_two(k), 1.0)
    second = fma(b, power_of_two((shifted_total - ROUNDING) - k), a)
    reciprocal = 1.0 / (first * second)
    return second * reciprocal, a * first * reciprocal


@njit
def lane_logistic_beside(x, total):
    """``1 / (1 + exp(-x))``."""
    return logistic_pair(x, total)[0]


@njit
def lane_logistic_opposite(x, total):
    """``1 / (1 + exp(x - total))``."""
    return logistic_pair(x, total)[1]


@njit
def lane_tanh(x):
    """Hyperbolic tangent."""
    # expm1 by its own series where 1 - exp would cancel.
    a = abs(x)
    z = a * a
    e = lane_exp(-2.0 * a)
    far = (1.0 - e) / (1.0 + e)
    p = fma(z, fma(z, -9.64399179425052238628e-1, -9.92877231001918586564e1), -1.61468768441708447952e3)
    q = fma(z, fma(z, z + 1.12811678491632931402e2, 2.23548839060100448583e3), 4.84406305325125486048e3)
    near = fma(a * z, p / q, a)
    value = near if a < 0.625 else far
    value = -value if x < 0.0 else value
    return value if x == x else x
