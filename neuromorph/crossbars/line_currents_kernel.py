"""Currents along lines from the currents of their devices and the voltages behind their ends.

Kirchhoff's laws alone, and no differences of node voltages, which lose their digits where wires are good conductors.
"""


@kernel
def find_line_currents(taken, r, behind, ends, into):
    """Current out of the line into each end [A]; the power that segments and ends take [W].

    `taken` (lines, nodes) is the current that leaves each node through its device, `behind` (2, lines) the resistance
    from the outermost nodes to the fixed voltages `ends` (2, lines), the last segment included; infinite where an
    end floats.
    """
    lines, nodes = taken.shape
    segments = 0.0
    for k in range(lines):
        first, last = behind[0, k], behind[1, k]
        total, moment = 0.0, 0.0
        for j in range(nodes):
            total += taken[k, j]
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
                along -= taken[k, j]
                segments += r * along * along
            if not math.isinf(last):
                segments += r * into[1, k] * into[1, k]
    return segments


@kernel
def sum_of_products(a, b):
    """Sum of products that are numbers: of voltages and currents, the power [W]."""
    total = 0.0
    for i in range(a.size):
        product = a[i] * b[i]
        if not math.isnan(product):
            total += product
    return total
