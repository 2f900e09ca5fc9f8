"""A run of a tile of neurons: steps in passes without branches; the few lanes with events one by one.

Not imported: its text follows that of a method for lanes (see ``lanes.py``), which provides ``quiet_pass``,
``finish_pass`` and ``STEPS_PER_PASS``. What these need to know of a pass is ``here``: the number of its first step in this call,
the ends of the steps and their length [s], inputs that are the same for all lanes and others, constants, what error control
needs, and scale, array and place in it of the normal numbers.
"""

STEPS_PER_GROUP = 4


@inlined
def bit_unless(quiet, place):
    """The bit of a place in a block, unless its lane was quiet."""
    return (U0 if quiet else U1) << np.uint64(place)


@njit
def fill_normals(words, normals, group, whose, key):
    """Normal numbers of four fine steps of all lanes, from one Philox block for each Wiener process and lane."""
    for j in range(N_NOISE):
        for i in range(WIDTH):
            words[i], words[WIDTH + i] = two_words(group, whose + i, j, WIENER, key)
        # Both words at once: a constant that the compiler fetches anew for each pass of a loop then serves two.
        for i in range(WIDTH):
            a, b = two_normals(words[i])
            c, d = two_normals(words[WIDTH + i])
            normals[j * WIDTH + i], normals[(N_NOISE + j) * WIDTH + i] = a, b
            normals[(2 * N_NOISE + j) * WIDTH + i], normals[(3 * N_NOISE + j) * WIDTH + i] = c, d


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


@inlined
def steps_together(count, left, pieces_per_step, every):
    """How many steps from number ``count`` on are made in one pass: where nothing is to be done between them, several."""
    if pieces_per_step > 1 or left < STEPS_PER_PASS or count % STEPS_PER_PASS != 0:
        return 1
    if every > 0 and (count + STEPS_PER_PASS - 1) // every != count // every:
        return 1
    return STEPS_PER_PASS


@plain
def make_steps(tile, lanes_here, steps, increments, inputs, p, control, key, spikes, recorded, room):
    """What ``run_tile`` does, with ``room`` to work in; it makes no array."""
    (first_lane, n_lanes), (first_step, times, dt), (pieces_per_step, scale) = lanes_here, steps, increments
    (shared, own), (spike_times, spike_lanes), (every, columns, samples) = inputs, spikes, recorded
    words, normals, sums, events, suspects = room
    group, n_spikes, n_steps = -1, 0, len(times) - 1
    lanes = (n_lanes + BLOCK - 1) // BLOCK * BLOCK
    k = 0
    while k < n_steps:
        if n_spikes + WIDTH * STEPS_PER_PASS * MOST_JUMPS_IN_STEP > len(spike_times):
            return BUFFER_FULL, k, n_spikes, 0
        count = first_step + k
        together = steps_together(count, n_steps - k, pieces_per_step, every)
        h = dt if dt > 0.0 else times[k + 1] - times[k]
        first = 0
        if N_NOISE > 0:
            if pieces_per_step == 1:
                if count // STEPS_PER_GROUP != group:
                    group = count // STEPS_PER_GROUP
                    fill_normals(words, normals, group, first_lane, key)
                first = (count % STEPS_PER_GROUP) * N_NOISE * WIDTH
            else:
                group = add_up(words, normals, sums, group, count, pieces_per_step, first_lane, key)
        here = (k, times, h, shared, own, p, control, scale, normals if pieces_per_step == 1 else sums, first)
        seen = quiet_pass(tile, lanes, together, here, events)
        for block in range(lanes // BLOCK if seen != U0 else 0):
            start, noted = block * BLOCK, events[block]
            if start + BLOCK > n_lanes:
                noted &= (U1 << np.uint64(n_lanes - start)) - U1
            while noted != U0:
                i = start + trailing_zeros(noted)
                noted &= noted - U1
                status, steps, n_spikes = finish_pass(
                    tile, i, together, here, first_lane + i, count, key, spike_times, spike_lanes, n_spikes, suspects
                )
                if status != QUIET:
                    return status, k + steps, n_spikes, i
        k += together
        if every > 0 and (count + together) % every == 0:
            t, t_end, sample = times[k - 1], times[k], (count + together) // every - 1 - first_step // every
            for i in range(n_lanes):
                u = inputs_at(t_end - t, inputs_of(shared, own, k - 1, tile, i))
                signals = observed_of(tile, i, t_end, u, constants_of(tile, i, p))
                for c in range(len(columns)):
                    samples[sample, c, i] = signals[columns[c]]
    for i in range(n_lanes):
        if not all_finite(states_of(tile, i)):
            return NOT_FINITE, n_steps, n_spikes, i
    return QUIET, n_steps, n_spikes, 0


@kernel(nogil=True)
def run_tile(tile, lanes_here, steps, increments, inputs, p_array, control, seed, spikes, recorded):
    """Steps until all are done or the buffer of spikes is full.

    Parameters
    ----------
    tile : ndarray, shape (N_ROWS * WIDTH,)
        All state of the lanes, moved forward.
    lanes_here : tuple of int
        Number of the first neuron, and how many of the lanes are neurons.
    steps : tuple
        Number of the first step; ends of all [s], shape (n_steps + 1,); their length [s], or 0 where it follows from the ends.
    increments : tuple
        How many increments of the Wiener process make one of a step, and the standard deviation of each [sqrt(s)].
    inputs : tuple of ndarray
        Those that are the same for all lanes, and others, in each step.
    p_array : ndarray
        Parameters, where all lanes have the same.
    control : ndarray
        What a method with error control needs: relative tolerance and scales of the states.
    spikes : tuple of ndarray
        Buffers for times [s] and lanes of spikes.
    recorded : tuple
        Every how many steps signals are kept, which (numbers of columns), and where, shape (n_samples, n_columns, n_lanes).

    Returns
    -------
    status, steps, n_spikes, lane : int
        Status, how many steps were made, spikes found, and the lane of a failure.
    """
    words, normals = np.empty(2 * WIDTH, dtype=np.uint64), np.empty(STEPS_PER_GROUP * max(1, N_NOISE) * WIDTH)
    sums, events = np.empty(max(1, N_NOISE) * WIDTH), np.zeros(WIDTH // BLOCK, dtype=np.uint64)
    room = words, normals, sums, events, np.empty(N_GUARDS)
    key = np.uint64(seed & LOW_32), np.uint64(seed >> BIT_32)
    return make_steps(
        tile, lanes_here, steps, increments, inputs, constants(p_array), control, key, spikes, recorded, room
    )


@kernel(nogil=True)
def begin_tile(tile, y, p, u):
    """Fill in the lanes of a tile: states, parameters and constant inputs, one row a lane each."""
    tile[:] = 0.0
    for i in range(WIDTH):
        put_states(tile, i, y[i])
        put_constants(tile, i, constants(p[i]))
        for j in range(u.shape[1]):
            tile[INPUTS + j * WIDTH + i] = u[i, j]
