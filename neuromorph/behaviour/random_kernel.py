"""Random numbers by counting: Philox 4x32-10, and normal numbers from it by the method of Box and Muller.

Not imported: its text stands in generated modules (see ``lanes.py``), after ``lane_functions_kernel.py``. A number depends on the seed
and on what it is for (whose, which step, which draw), not on what was drawn before: so it is the same for any order of work.

Sources: J. K. Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (2011); G. E. P. Box and M. E. Muller (1958).
"""

PHILOX_M0, PHILOX_M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
PHILOX_W0, PHILOX_W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
LOW_32, BIT_32 = np.uint64(0xFFFFFFFF), np.uint64(32)

# What a number is for: the last word of the counter.
WIENER, JUMP, CROSSING, BETWEEN = np.uint64(0), np.uint64(1 << 28), np.uint64(2 << 28), np.uint64(3 << 28)


@njit
def philox(c0, c1, c2, c3, k0, k1):
    """Four random words of 32 bits, each in 64, from a counter and a key."""
    for _ in range(10):
        a, b = PHILOX_M0 * (c0 & LOW_32), PHILOX_M1 * (c2 & LOW_32)
        c0, c1, c2, c3 = (b >> BIT_32) ^ c1 ^ k0, b & LOW_32, (a >> BIT_32) ^ c3 ^ k1, a & LOW_32
        k0, k1 = (k0 + PHILOX_W0) & LOW_32, (k1 + PHILOX_W1) & LOW_32
    return c0, c1, c2, c3


@njit
def two_words(count, whose, which, purpose, key):
    """128 random bits, for draw ``which`` at ``count`` of neuron or realisation ``whose``."""
    a, b, c, d = philox(
        np.uint64(count) & LOW_32,
        np.uint64(whose),
        np.uint64(which),
        purpose | (np.uint64(count) >> BIT_32),
        key[0],
        key[1],
    )
    return a | (b << BIT_32), c | (d << BIT_32)


@njit
def uniform_of(word):
    """A number above 0 and below 1, with 52 bits."""
    return as_float((word >> np.uint64(12)) | ONE) - 0.9999999999999999


@njit
def two_normals(word):
    """Two independent standard normal numbers.

    40 bits make the radius, which reaches 7.5, and 24 bits the angle: with equally spaced angles the moments up
    to a high order are exact.
    """
    u = as_float(((word >> np.uint64(24)) << np.uint64(12)) | np.uint64(0x3FF0000000000800)) - 1.0
    radius = math.sqrt(-2.0 * log_of_normal(u))
    # A quarter of the circle, of which one bit makes the opposite one and one the two between.
    quarter = as_float(((word & np.uint64(0xFFFFFC)) << np.uint64(28)) | ONE)
    t = fma(quarter, 1.5707963267948966, -2.356194302938831)
    z = t * t
    s = fma(z, 1.58969099521155010221e-10, -2.50507602534068634195e-08)
    s = fma(z, fma(z, s, 2.75573137070700676789e-06), -1.98412698298579493134e-04)
    s = fma(z, fma(z, s, 8.33333333332248946124e-03), -1.66666666666666324348e-01)
    s = fma(t * z, s, t)
    c = fma(z, -1.13596475577881948265e-11, 2.08757232129817482790e-09)
    c = fma(z, fma(z, c, -2.75573143513906633035e-07), 2.48015872894767294178e-05)
    c = fma(z, fma(z, c, -1.38888888888741095749e-03), 4.16666666666666019037e-02)
    c = fma(z * z, c, fma(z, -0.5, 1.0))
    c = as_float(as_bits(c) ^ ((word & U1) << np.uint64(63)))
    is_between = (word & U2) == U2
    x, y = (s if is_between else c), (c if is_between else s)
    return radius * x, radius * y


@njit
def normal_at(count, whose, which, purpose, key):
    """One standard normal number."""
    word, _ = two_words(count, whose, which, purpose, key)
    return two_normals(word)[0]


@njit
def uniform_at(count, whose, which, purpose, key):
    """One number, uniform between 0 and 1."""
    word, _ = two_words(count, whose, which, purpose, key)
    return uniform_of(word)
