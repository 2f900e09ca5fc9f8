"""A run of a tile of neurons: each step in one pass without branches; the few lanes with events one by one.

Not imported: its text follows that of a method for lanes (see ``lanes.py``), which provides ``quiet_step`` and
``finish_step``.
"""

STEPS_PER_GROUP = 4


@njit
def fill_normals(words, normals, group, whose, key):
    """Normal numbers of four fine steps of all lanes, from one Philox block for each Wiener process and lane."""
    for j in range(N_NOISE):
        for i in range(WIDTH):
            words[i], words[WIDTH + i] = two_words(group, whose + i, j, WIENER, key)
        for i in range(WIDTH):
            a, b = two_normals(words[i])
            normals[j * WIDTH + i], normals[(N_NOISE + j) * WIDTH + i] = a, b
        for i in range(WIDTH):
            a, b = two_normals(words[WIDTH + i])
            normals[(2 * N_NOISE + j) * WIDTH + i], normals[(3 * N_NOISE + j) * WIDTH + i] = a, b


@njit
def add_up(words, normals, sums, group, k, pieces_per_step, whose, key):
    """Sums of the normal numbers of the fine steps in step ``k``; the group that is in ``normals``."""
    sums[:] = 0.0
    for q in range(k * pieces_per_step, (k + 1) * pieces_per_step):
        if q // STEPS_PER_GROUP != group:
            group = q // STEPS_PER_GROUP
            fill_normals(words, normals, group, whose, key)
        first = (q % STEPS_PER_GROUP) * N_NOISE * WIDTH
        for i in range(N_NOISE * WIDTH):
            sums[i] += normals[first + i]
    return group


@kernel(nogil=True)
def run_tile(
    tile,
    first_lane,
    n_lanes,
    first_step,
    times,
    dt,
    pieces_per_step,
    scale,
    shared,
    own,
    p_array,
    seed,
    spike_times,
    spike_lanes,
    every,
    columns,
    samples,
):
    """Steps from ``first_step`` on until all are done or the buffer of spikes is full.

    Parameters
    ----------
    tile : ndarray, shape (N_ROWS * WIDTH,)
        All state of the lanes, moved forward.
    first_lane, n_lanes : int
        Number of the first neuron, and how many of the lanes are neurons.
    times : ndarray, shape (n_steps + 1,) [s]
        Ends of the steps.
    dt : float [s]
        Length of the steps, or 0 where it follows from their ends.
    pieces_per_step : int; scale : float [sqrt(s)]
        How many increments of the Wiener process make one of a step, and the standard deviation of each.
    shared : ndarray; own : ndarray
        Inputs that are the same for all lanes, and others, in each step.
    samples : ndarray, shape (n_samples, n_columns, n_lanes)
        The recorded signals that ``columns`` names, at the end of every ``every``-th step.

    Returns
    -------
    status, steps, n_spikes, lane : int
        Status, how many steps were made, spikes found, and the lane of a failure.
    """
    p, key = constants(p_array), (np.uint64(seed & LOW_32), np.uint64(seed >> BIT_32))
    words, normals = np.empty(2 * WIDTH, dtype=np.uint64), np.empty(STEPS_PER_GROUP * max(1, N_NOISE) * WIDTH)
    sums = np.empty(max(1, N_NOISE) * WIDTH)
    group, n_spikes, n_steps = -1, 0, len(times) - 1
    for k in range(n_steps):
        if n_spikes + WIDTH * MOST_JUMPS_IN_STEP > len(spike_times):
            return BUFFER_FULL, k, n_spikes, 0
        count = first_step + k
        t, t_end = times[k], times[k + 1]
        h = dt if dt > 0.0 else t_end - t
        first = 0
        if N_NOISE > 0:
            if pieces_per_step == 1:
                if count // STEPS_PER_GROUP != group:
                    group = count // STEPS_PER_GROUP
                    fill_normals(words, normals, group, first_lane, key)
                first = (count % STEPS_PER_GROUP) * N_NOISE * WIDTH
            else:
                group = add_up(words, normals, sums, group, count, pieces_per_step, first_lane, key)
        source = normals if pieces_per_step == 1 else sums
        for block in range(WIDTH // BLOCK):
            if block * BLOCK >= n_lanes:
                break
            flags = 0
            for i in range(block * BLOCK, (block + 1) * BLOCK):
                y, z = states_of(tile, i), unknowns_of(tile, i)
                w = increments_of(scale, source, first, i)
                quiet, y1, z1 = quiet_step(
                    tile[MODES + i],
                    tile[ENTERED + i],
                    t,
                    t_end,
                    h,
                    y,
                    inputs_of(shared, own, k, tile, i),
                    constants_of(tile, i, p),
                    z,
                    w,
                )
                keep_states(tile, i, quiet, y)
                put_states(tile, i, y1)
                if N_SOLVED > 0:
                    put_unknowns(tile, i, chosen_unknowns(quiet, z1, z))
                flags += 0 if quiet else 1
            if flags == 0:
                continue
            for i in range(block * BLOCK, min((block + 1) * BLOCK, n_lanes)):
                if tile[KEPT + i] != math.inf:
                    u, w = inputs_of(shared, own, k, tile, i), increments_of(scale, source, first, i)
                    status, n_spikes = finish_step(
                        tile,
                        i,
                        t,
                        t_end,
                        h,
                        u,
                        constants_of(tile, i, p),
                        w,
                        first_lane + i,
                        count,
                        key,
                        spike_times,
                        spike_lanes,
                        n_spikes,
                    )
                    if status != QUIET:
                        return status, k, n_spikes, i
        if every > 0 and (count + 1) % every == 0:
            sample = (count + 1) // every - 1 - first_step // every
            for i in range(n_lanes):
                u = inputs_at(t_end - t, inputs_of(shared, own, k, tile, i))
                seen = observed_of(tile, i, t_end, u, constants_of(tile, i, p))
                for c in range(len(columns)):
                    samples[sample, c, i] = seen[columns[c]]
    for i in range(n_lanes):
        if not all_finite(states_of(tile, i)):
            return NOT_FINITE, n_steps, n_spikes, i
    return QUIET, n_steps, n_spikes, 0


@kernel(nogil=True)
def begin_tile(tile, y, p, u):
    """Fill in the lanes of a tile: states, parameters and constant inputs, one row a lane each."""
    tile[:] = 0.0
    for i in range(WIDTH):
        put_states(tile, i, y[i])
        put_constants(tile, i, constants(p[i]))
        for j in range(u.shape[1]):
            tile[INPUTS + j * WIDTH + i] = u[i, j]
