"""Neurons of one kind in a network, all by one step without branches, which says whose guards may have fired.

Not imported: its text follows that of ``rk4_lanes_kernel.py`` in the module of one kind of neuron (see
``network_source.py``). A tile keeps the constants of its lanes; states and currents are brought to it for every pass.
"""

COEFFICIENTS = N_ROWS * WIDTH
N_TILE = (N_ROWS + 4) * WIDTH


@kernel
def fill_lanes(tiles, values):
    """Put the constants of all members into their lanes."""
    for k in range(values.shape[0]):
        put_constants(tiles[k // WIDTH], k % WIDTH, constants(values[k]))


@njit
def quiet_pass(
    t, end, tiles, members, states, unknowns, modes, entered, currents, method, new_states, new_unknowns, quiet, keeps
):
    """Take all members from ``t`` to ``end`` in one step; which of them were quiet, and which are to keep what they have."""
    h, longest, scales = end - t, method[0], pack_states(method[1])
    rtol = method[2] if method[2] > 0.0 else math.inf
    for block in range(tiles.shape[0]):
        tile, first = tiles[block], block * WIDTH
        count = min(WIDTH, members.shape[0] - first)
        for i in range(count):
            k = first + i
            j = members[k]
            tile[MODES + i], tile[ENTERED + i] = modes[k], entered[k]
            for q in range(N_STATES):
                tile[STATES + q * WIDTH + i] = states[k, q]
            for q in range(N_SOLVED):
                tile[UNKNOWNS + q * WIDTH + i] = unknowns[k, q]
            for q in range(4):
                tile[COEFFICIENTS + q * WIDTH + i] = currents[j, q]
        for i in range(WIDTH):
            u = (
                tile[COEFFICIENTS + i],
                tile[COEFFICIENTS + WIDTH + i],
                tile[COEFFICIENTS + 2 * WIDTH + i],
                tile[COEFFICIENTS + 3 * WIDTH + i],
            )
            y, z, p = states_of(tile, i), unknowns_of(tile, i), own_constants(tile, i)
            is_quiet, y1, z1 = quiet_step(tile[MODES + i], tile[ENTERED + i], t, end, h, y, u, p, z, scales, rtol)
            tile[JUMPS + i] = 1.0 if is_quiet else 0.0
            put_states(tile, i, y1)
            put_unknowns(tile, i, z1)
        for i in range(count):
            k = first + i
            if keeps[members[k]] == end:
                continue
            # A mode that needs shorter steps is nothing for one step.
            quiet[k] = tile[JUMPS + i] > 0.0 and h <= longest[modes[k]] * (1.0 + 1e-12)
            for q in range(N_STATES):
                new_states[k, q] = tile[STATES + q * WIDTH + i]
            for q in range(N_SOLVED):
                new_unknowns[k, q] = tile[UNKNOWNS + q * WIDTH + i]
