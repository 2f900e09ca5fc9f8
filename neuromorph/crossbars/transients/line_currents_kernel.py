"""Currents along lines from the currents of their devices and the voltages behind their ends.

Kirchhoff's laws alone, and no differences of node voltages, which lose their digits where wires are good conductors.
"""


@njit
def line_currents(taken, sign, r, behind, ends, into):
    """Fill in the current out of each line into each end [A]; the power that the segments take [W].

    `taken` (lines, nodes) with its `sign` is the current that leaves each node through its device, `behind` (2, lines)
    the resistance from the outermost nodes to the fixed voltages `ends` (2, lines), the last segment included;
    infinite where an end floats.
    """
    lines, nodes = taken.shape
    segments = 0.0
    for k in range(lines):
        first, last = behind[0, k], behind[1, k]
        total, moment = 0.0, 0.0
        for j in range(nodes):
            total += sign * taken[k, j]
            if j < nodes - 1:
                moment += total
        if math.isinf(first) or math.isinf(r):
            entering = 0.0
        elif math.isinf(last):
            entering = total
        else:
            # The drops from end to end are the difference of the ends.
            whole = first + last + (nodes - 1) * r
            entering = (ends[0, k] - ends[1, k] + r * moment + last * total) / whole
        into[0, k] = -entering
        into[1, k] = 0.0 if math.isinf(last) or math.isinf(r) else entering - total
        if r > 0.0 and not math.isinf(r):
            along = entering
            if not math.isinf(first):
                segments += r * along * along
            for j in range(nodes - 1):
                along -= sign * taken[k, j]
                segments += r * along * along
            if not math.isinf(last):
                segments += r * into[1, k] * into[1, k]
    return segments


@njit
def power_at_ends(amount, resistances, into):
    """Power that resistances (2, lines) at the ends take [W]."""
    for end in range(2):
        for k in range(into.shape[1]):
            amount += resistances[end, k] * into[end, k] * into[end, k]
    return amount


@kernel
def find_currents_and_powers(
    v, current, r_word, r_bit, behind_word, behind_bit, inner_word, inner_bit, ends_word, ends_bit,
    into_word, into_bit, powers,
):  # fmt: skip
    """Fill in the currents into the ends [A] and what powers the array delivers and takes [W].

    `inner` (2, 2, lines) are the resistances of drivers and of sensing inputs at each end, 0 where there are none.
    """
    delivered = devices = 0.0
    powers[2] = line_currents(current, 1.0, r_word, behind_word, ends_word, into_word)
    powers[3] = line_currents(current.T, -1.0, r_bit, behind_bit, ends_bit, into_bit)
    for end in range(2):
        for k in range(into_word.shape[1]):
            delivered -= ends_word[end, k] * into_word[end, k]
        for k in range(into_bit.shape[1]):
            delivered -= ends_bit[end, k] * into_bit[end, k]
    for i in range(v.shape[0]):
        for j in range(v.shape[1]):
            devices += v[i, j] * current[i, j]
    powers[0], powers[1] = delivered, devices
    for kind in range(2):
        powers[4 + kind] = power_at_ends(power_at_ends(0.0, inner_word[kind], into_word), inner_bit[kind], into_bit)
