"""Kirchhoff's current law at every node of an array: appended to the preamble of generated kernels.

Voltages are sums of two doubles (high, low); no operation here may be reordered.
"""


@njit
def drop(high, low, other_high, other_low):
    """Difference of two voltages, exact to the last digits of a double."""
    difference = high - other_high
    part = difference - high
    lost = (high - (difference - part)) - (other_high + part)
    return difference + (lost + (low - other_low))


@kernel
def balance(
    g, offsets, r_word, r_bit, conductances_word, conductances_bit, fixed_word, fixed_bit, ends_word, ends_bit,
    high, low, live, terminal_word, terminal_bit, imbalance, largest, largest_device, lacking_largest, lacking_sum,
    moved,
):  # fmt: skip
    """Currents into the ends, sums of the currents out of each node, largest currents, sums of all currents."""
    p, _, m, n = high.shape
    whole_word, whole_bit = r_word == 0.0, r_bit == 0.0
    c_word = 0.0 if whole_word else 1.0 / r_word
    c_bit = 0.0 if whole_bit else 1.0 / r_bit
    along, column = np.zeros(n + 1), np.empty(n)
    for k in range(p):
        scale = of_devices = sum_moved = 0.0
        for i in range(m):
            w, lw, b, lb = high[k, 0, i], low[k, 0, i], high[k, 1, i], low[k, 1, i]
            out_word, out_bit, conductance = imbalance[k, 0, i], imbalance[k, 1, i], g[k if g.shape[0] > 1 else 0, i]
            for j in range(n):
                out_word[j] = conductance[j] * drop(w[j], lw[j], b[j], lb[j])
            if offsets.shape[0] > 0:
                offset = offsets[k if offsets.shape[0] > 1 else 0, i]
                for j in range(n):
                    out_word[j] += offset[j]
            for j in range(n):
                out_bit[j] = -out_word[j]
                of_devices = max(of_devices, abs(out_word[j]))
                sum_moved += abs(out_word[j])
            if not whole_word:
                for j in range(n - 1):
                    along[j + 1] = c_word * drop(w[j], lw[j], w[j + 1], lw[j + 1])
                for j in range(n):
                    out_word[j] += along[j + 1] - along[j]
                    scale = max(scale, abs(along[j]))
                    sum_moved += abs(along[j])
            if not whole_bit and i > 0:
                above, low_above, out_above = high[k, 1, i - 1], low[k, 1, i - 1], imbalance[k, 1, i - 1]
                for j in range(n):
                    column[j] = c_bit * drop(above[j], low_above[j], b[j], lb[j])
                for j in range(n):
                    out_above[j] += column[j]
                    out_bit[j] -= column[j]
                    scale = max(scale, abs(column[j]))
                    sum_moved += abs(column[j])
        for end in range(2):
            for i in range(m):
                j = end * (n - 1)
                a = conductances_word[end, i] * drop(high[k, 0, i, j], low[k, 0, i, j], ends_word[end, k, i], 0.0)
                terminal_word[end, k, i] = a
                imbalance[k, 0, i, j] += a
            for j in range(n):
                i = end * (m - 1)
                a = conductances_bit[end, j] * drop(high[k, 1, i, j], low[k, 1, i, j], ends_bit[end, k, j], 0.0)
                terminal_bit[end, k, j] = a
                imbalance[k, 1, i, j] += a
        for i in range(m):
            if whole_word and (fixed_word[0, i] or fixed_word[1, i]):
                end, total = (0 if fixed_word[0, i] else 1), 0.0
                for j in range(n):
                    total += imbalance[k, 0, i, j]
                    imbalance[k, 0, i, j] = 0.0
                terminal_word[end, k, i] = -total
        if whole_bit:
            column[:] = 0.0
            for i in range(m):
                for j in range(n):
                    if fixed_bit[0, j] or fixed_bit[1, j]:
                        column[j] += imbalance[k, 1, i, j]
                        imbalance[k, 1, i, j] = 0.0
            for j in range(n):
                if fixed_bit[0, j] or fixed_bit[1, j]:
                    terminal_bit[0 if fixed_bit[0, j] else 1, k, j] = -column[j]
        scale = max(scale, of_devices)
        most = total = 0.0
        column[:] = 0.0
        for i in range(m):
            line = 0.0
            for j in range(n):
                if live.size > 0 and not live[0, i, j]:
                    imbalance[k, 0, i, j] = 0.0
                if live.size > 0 and not live[1, i, j]:
                    imbalance[k, 1, i, j] = 0.0
            if whole_word:
                # A line without resistance is one node.
                for j in range(n):
                    line += imbalance[k, 0, i, j]
                most = max(most, abs(line))
                total += abs(line)
            else:
                for j in range(n):
                    a = abs(imbalance[k, 0, i, j])
                    most = max(most, a)
                    total += a
            if whole_bit:
                for j in range(n):
                    column[j] += imbalance[k, 1, i, j]
            else:
                for j in range(n):
                    a = abs(imbalance[k, 1, i, j])
                    most = max(most, a)
                    total += a
        if whole_bit:
            for j in range(n):
                most = max(most, abs(column[j]))
                total += abs(column[j])
        for end in range(2):
            for i in range(m):
                scale = max(scale, abs(terminal_word[end, k, i]))
            for j in range(n):
                scale = max(scale, abs(terminal_bit[end, k, j]))
        largest_device[k] = of_devices
        largest[k], lacking_largest[k], lacking_sum[k], moved[k] = scale, most, total, sum_moved


@kernel
def device_voltages(high, low, out):
    """Word minus bit node of each device."""
    p, _, m, n = high.shape
    for k in range(p):
        for i in range(m):
            for j in range(n):
                out[k, i, j] = drop(high[k, 0, i, j], low[k, 0, i, j], high[k, 1, i, j], low[k, 1, i, j])
