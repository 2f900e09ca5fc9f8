"""Loops of the line solver: appended to the preamble of generated kernels.

Vectors of node values have the shape (m * p, width): row i * p + k is line i of vector k, and the width is the number
of bit lines, padded so that neighbouring rows do not fall on the same places of the processor's cache.

A line with the segments r and conductances s to what lies behind: seen from node j, the line up to it and its devices
have the conductance s[j] = g[j] + s[j - 1] / (1 + r s[j - 1]), a sum of positive terms, exact for r = 0 too. A share
b[j] = 1 / (1 + r s[j]) of a current that arrives at node j from the left goes on. All that a solve needs is b, and
1 / s of the last node: currents are gathered from left to right, voltages follow from right to left.
"""

loose = {"reassoc", "contract", "nsz"}
fast = functools.partial(
    numba.njit, error_model="numpy", fastmath=loose, no_cpython_wrapper=True, no_cfunc_wrapper=True
)
fast_kernel = functools.partial(
    numba.njit, error_model="numpy", fastmath=loose, cache=True, nogil=True, no_cfunc_wrapper=True
)


@fast_kernel
def prepare(g, r_word, r_bit, left, right, top, bottom, fixed_word, fixed_bit, padded, b_word, e_word, b_bit, e_bit):
    """Shares b and last resistances e of all lines, from conductances of devices and of the ends [S]."""
    m, n = g.shape
    for i in range(m):
        for j in range(n):
            padded[i, j] = g[i, j]
    for start in range(0, m, 8):
        stop = min(start + 8, m)
        for i in range(start, stop):
            e_word[i] = left[i]
        for j in range(n):
            for i in range(start, stop):
                s = e_word[i] + g[i, j]
                if j == n - 1:
                    s += right[i]
                share = 1.0 / (1.0 + r_word * s)
                b_word[i, j] = share
                e_word[i] = s if j == n - 1 else s * share
    for i in range(m):
        e_word[i] = 1.0 / e_word[i] if e_word[i] > 0.0 and not fixed_word[i] else 0.0
    for j in range(n):
        e_bit[j] = top[j]
    for i in range(m):
        if i == m - 1:
            for j in range(n):
                e_bit[j] += bottom[j]
        for j in range(n):
            s = e_bit[j] + g[i, j]
            share = 1.0 / (1.0 + r_bit * s)
            b_bit[i, j] = share
            e_bit[j] = s if i == m - 1 else s * share
    for j in range(n):
        e_bit[j] = 1.0 / e_bit[j] if e_bit[j] > 0.0 and not fixed_bit[j] else 0.0


@fast
def word_coupling(z, y, g, b, e, r, n, i, k):
    """y = what a word line, given the voltages z of its bit nodes, feeds into them; z y and the sum of |y|."""
    a = c = 0.0
    for j in range(n):
        a = g[i, j] * z[k, j] + c * a
        c = b[i, j]
        y[k, j] = a
    v = e[i] * a
    a = g[i, n - 1] * v
    y[k, n - 1] = a
    product, total = a * z[k, n - 1], abs(a)
    for back in range(1, n):
        j = n - 1 - back
        v = b[i, j] * (r * y[k, j] + v)
        a = g[i, j] * v
        y[k, j] = a
        product += a * z[k, j]
        total += abs(a)
    return product, total


@fast
def word_coupling_of_four(z, y, g, b, e, r, n, i0, i1, i2, i3, k, product, total):
    """As `word_coupling` for rows k to k + 3: four recurrences at once keep the processor busy."""
    k1, k2, k3 = k + 1, k + 2, k + 3
    a0 = a1 = a2 = a3 = c0 = c1 = c2 = c3 = 0.0
    for j in range(n):
        a0 = g[i0, j] * z[k, j] + c0 * a0
        a1 = g[i1, j] * z[k1, j] + c1 * a1
        a2 = g[i2, j] * z[k2, j] + c2 * a2
        a3 = g[i3, j] * z[k3, j] + c3 * a3
        c0, c1, c2, c3 = b[i0, j], b[i1, j], b[i2, j], b[i3, j]
        y[k, j], y[k1, j], y[k2, j], y[k3, j] = a0, a1, a2, a3
    v0, v1, v2, v3 = e[i0] * a0, e[i1] * a1, e[i2] * a2, e[i3] * a3
    j = n - 1
    a0, a1, a2, a3 = g[i0, j] * v0, g[i1, j] * v1, g[i2, j] * v2, g[i3, j] * v3
    y[k, j], y[k1, j], y[k2, j], y[k3, j] = a0, a1, a2, a3
    d0, d1, d2, d3 = a0 * z[k, j], a1 * z[k1, j], a2 * z[k2, j], a3 * z[k3, j]
    t0, t1, t2, t3 = abs(a0), abs(a1), abs(a2), abs(a3)
    for back in range(1, n):
        j = n - 1 - back
        v0 = b[i0, j] * (r * y[k, j] + v0)
        v1 = b[i1, j] * (r * y[k1, j] + v1)
        v2 = b[i2, j] * (r * y[k2, j] + v2)
        v3 = b[i3, j] * (r * y[k3, j] + v3)
        a0, a1, a2, a3 = g[i0, j] * v0, g[i1, j] * v1, g[i2, j] * v2, g[i3, j] * v3
        y[k, j], y[k1, j], y[k2, j], y[k3, j] = a0, a1, a2, a3
        d0 += a0 * z[k, j]
        d1 += a1 * z[k1, j]
        d2 += a2 * z[k2, j]
        d3 += a3 * z[k3, j]
        t0 += abs(a0)
        t1 += abs(a1)
        t2 += abs(a2)
        t3 += abs(a3)
    p = product.size
    product[k % p] += d0
    product[k1 % p] += d1
    product[k2 % p] += d2
    product[k3 % p] += d3
    total[k % p] += t0
    total[k1 % p] += t1
    total[k2 % p] += t2
    total[k3 % p] += t3


@fast
def word_couplings(z, y, g, b, e, r, n, product, total):
    rows, p = z.shape[0], product.size
    product[:] = 0.0
    total[:] = 0.0
    whole = rows - rows % 4
    for k in range(0, whole, 4):
        word_coupling_of_four(z, y, g, b, e, r, n, k // p, (k + 1) // p, (k + 2) // p, (k + 3) // p, k, product, total)
    for k in range(whole, rows):
        d, t = word_coupling(z, y, g, b, e, r, n, k // p, k)
        product[k % p] += d
        total[k % p] += t


@fast
def solve_word_lines(q, v, b, e, r, n, p):
    """Voltages v of lines into whose nodes currents q are injected; v may be q."""
    for k in range(q.shape[0]):
        i = k // p
        a = c = 0.0
        for j in range(n):
            a = q[k, j] + c * a
            c = b[i, j]
            v[k, j] = a
        u = e[i] * a
        v[k, n - 1] = u
        for back in range(1, n):
            j = n - 1 - back
            u = b[i, j] * (r * v[k, j] + u)
            v[k, j] = u


@fast
def gather_bit_lines(y, b, e, r, n, p, product):
    """Currents y of bit lines gathered from top to bottom, in place, and what y would be times its voltages."""
    rows = y.shape[0]
    m = rows // p
    product[:] = 0.0
    for i in range(m):
        for vector in range(p):
            k = i * p + vector
            now = y[k]
            if i > 0:
                above, share = y[k - p], b[i - 1]
                for j in range(n):
                    now[j] += share[j] * above[j]
            t = 0.0
            if i == m - 1:
                for j in range(n):
                    t += e[j] * now[j] * now[j]
                product[vector] += t
            else:
                share = b[i]
                for j in range(n):
                    t += share[j] * (now[j] * now[j])
                product[vector] += r * t


@fast
def spread_bit_line(now, last, share, e, r, n, is_last):
    """Voltages `last` of the row below become those of this row, from its gathered currents."""
    if is_last:
        for j in range(n):
            last[j] = e[j] * now[j]
    else:
        for j in range(n):
            last[j] = share[j] * (r * now[j] + last[j])


@fast
def advance(step, drive, z, s, p_, x, v, n):
    """One step of conjugate gradients in a row, whose residual z has A z = z - v."""
    for j in range(n):
        s[j] = (z[j] - v[j]) + drive * s[j]
    for j in range(n):
        a = z[j] + drive * p_[j]
        p_[j] = a
        x[j] += step * a
    for j in range(n):
        z[j] -= step * s[j]


@kernel
def add(steps_word, steps_bit, high, low):
    """Add to voltages in two doubles, and leave them so that the first is the whole to its last digit.

    Not called from `correct`: a function that these call is compiled with their loose arithmetic.
    """
    p, _, m, n = high.shape
    for layer in range(2):
        steps = steps_word if layer == 0 else steps_bit
        for k in range(p):
            for i in range(m):
                step, whole, part = steps[i * p + k], high[k, layer, i], low[k, layer, i]
                for j in range(n):
                    rest = part[j] + step[j]
                    total = whole[j] + rest
                    part[j] = rest - (total - whole[j])
                    whole[j] = total


@fast_kernel
def correct(
    imbalance, g, r_word, b_word, e_word, r_bit, b_bit, e_bit, target, most, share_of_scale, work
):  # fmt: skip
    """Changes of the voltages that take the imbalance at the nodes away; they are left in work[5] (word layer) and work[6].

    Conjugate gradients on x = M^-1 (q_bit + G T^-1 q_word + N x) for the voltages x of the bit nodes, where q are the
    currents to inject, T and M are the word and bit lines with the devices as conductances to ground, and N = G T^-1 G is
    what goes over the word lines. With the scalar product of N, in which 1 - M^-1 N is symmetric, only voltages have to be
    kept, and lines without resistance are no limit. The scalar products are gathered in the passes over the lines (A. T.
    Chronopoulos and C. W. Gear, J. Comput. Appl. Math. 25 (1989) 153).

    `target` is the sum of |N z| at which a vector is done, z being the residual. A `share_of_scale` above 0 sets it, as that
    share of the largest current that is expected.
    """
    p, _, m, n = imbalance.shape
    q_word, q_bit = work[5], work[6]
    for i in range(m):
        for vector in range(p):
            k = i * p + vector
            for j in range(n):
                q_word[k, j] = -imbalance[vector, 0, i, j]
                q_bit[k, j] = -imbalance[vector, 1, i, j]
    rows = m * p
    x, z, s, d, y = work[0], work[1], work[2], work[3], work[4]
    gamma, total, kappa = np.empty(p), np.empty(p), np.empty(p)
    old, old_step = np.ones(p), np.ones(p)
    done = np.zeros(p, dtype=np.bool_)
    v = np.empty((p, n))
    solve_word_lines(q_word, y, b_word, e_word, r_word, n, p)
    for k in range(rows):
        i = k // p
        for j in range(n):
            y[k, j] = q_bit[k, j] + g[i, j] * y[k, j]
    gather_bit_lines(y, b_bit, e_bit, r_bit, n, p, kappa)
    for i in range(m - 1, -1, -1):
        for vector in range(p):
            k = i * p + vector
            spread_bit_line(y[k], v[vector], b_bit[i], e_bit, r_bit, n, i == m - 1)
            for j in range(n):
                z[k, j] = v[vector, j]
                x[k, j] = 0.0
                s[k, j] = 0.0
                d[k, j] = 0.0
    if share_of_scale > 0.0:
        expect(q_word, z, d, g, r_word, b_word, e_word, n, share_of_scale, target)
    iterations = 0
    while True:
        word_couplings(z, y, g, b_word, e_word, r_word, n, gamma, total)
        if iterations % 32 == 31:
            raise_to_rounding(x, g, n, target)
        for vector in range(p):
            # Not a number is never below the target, and a product that is not positive has no digits left.
            done[vector] = done[vector] or total[vector] <= target[vector] or not gamma[vector] > 0.0
        if done.all() or iterations == most:
            break
        iterations += 1
        gather_bit_lines(y, b_bit, e_bit, r_bit, n, p, kappa)
        for vector in range(p):
            drive = 0.0 if iterations == 1 else gamma[vector] / old[vector]
            step = gamma[vector] / (
                (gamma[vector] - kappa[vector]) - (drive * gamma[vector] / old_step[vector] if iterations > 1 else 0.0)
            )
            if done[vector] or not abs(step) < math.inf:
                done[vector], step, drive = True, 0.0, 0.0
            old[vector], old_step[vector], kappa[vector] = gamma[vector], step, drive
        for i in range(m - 1, -1, -1):
            for vector in range(p):
                k = i * p + vector
                spread_bit_line(y[k], v[vector], b_bit[i], e_bit, r_bit, n, i == m - 1)
                if not done[vector]:
                    advance(old_step[vector], kappa[vector], z[k], s[k], d[k], x[k], v[vector], n)
    for k in range(rows):
        i = k // p
        for j in range(n):
            a = x[k, j] + z[k, j]
            q_bit[k, j] = a
            q_word[k, j] += g[i, j] * a
    solve_word_lines(q_word, q_word, b_word, e_word, r_word, n, p)
    return iterations


@fast
def raise_to_rounding(x, g, n, target):
    """No target below what the voltages' last digits make in currents: a new start with the rest gets further."""
    p = target.size
    total = np.zeros(p)
    for k in range(x.shape[0]):
        i = k // p
        t = 0.0
        for j in range(n):
            t += g[i, j] * abs(x[k, j])
        total[k % p] += t
    for vector in range(p):
        target[vector] = max(target[vector], 1e-15 * total[vector])


@fast
def expect(q_word, z, d, g, r_word, b_word, e_word, n, share, target):
    """Targets as a share of the largest current, from what is known before the first iteration."""
    rows, p = z.shape[0], target.size
    for k in range(rows):
        i = k // p
        for j in range(n):
            d[k, j] = q_word[k, j] + g[i, j] * z[k, j]
    solve_word_lines(d, d, b_word, e_word, r_word, n, p)
    largest = np.zeros(p)
    for k in range(rows):
        i = k // p
        total = 0.0
        for j in range(n):
            a = g[i, j] * (d[k, j] - z[k, j])
            total += a
            largest[k % p] = max(largest[k % p], abs(a))
            d[k, j] = 0.0
        largest[k % p] = max(largest[k % p], abs(total))
    for vector in range(p):
        target[vector] = share * largest[vector]
