"""A run of one neuron by a stochastic method, with a row for each step and two for each event.

Not imported: its text follows ``stochastic_kernel.py`` (see ``lanes.py``).
"""


@njit
def write_row(times, rows, n, t, seen):
    """Append a row."""
    times[n] = t
    for i in range(N_OBSERVED):
        rows[n, i] = seen[i]
    return n + 1


@njit
def one_increment(k, pieces_per_step, scale, whose, source, key):
    """Increment of one Wiener process in step ``k``, the sum of those of its fine steps."""
    total = 0.0
    for q in range(k * pieces_per_step, (k + 1) * pieces_per_step):
        first, second = two_words(q // 4, whose, source, WIENER, key)
        a, b = two_normals(first if q % 4 < 2 else second)
        total += a if q % 2 == 0 else b
    return scale * total


@kernel(nogil=True)
def run_path(lane, first_step, n_steps, dt, pieces_per_step, scale, shared, p_array, seed, times, rows, spikes):
    """Steps from ``first_step`` on until all are done or a buffer is full; state is in the tile ``lane``.

    Returns
    -------
    status, steps, n_rows, n_spikes : int
        Status, and how many steps were made and how much of the buffers is filled.
    """
    p, key = constants(p_array), (np.uint64(seed & LOW_32), np.uint64(seed >> BIT_32))
    increments, own = np.zeros(max(1, N_NOISE) * WIDTH), np.zeros((1, 1, 1))
    n, n_spikes, status, whose = 0, 0, QUIET, 0
    for k in range(n_steps):
        if n + 2 * MOST_JUMPS_IN_STEP + 2 >= len(times) or n_spikes + MOST_JUMPS_IN_STEP >= len(spikes):
            return BUFFER_FULL, k, n, n_spikes
        count = first_step + k
        t, t_end, rest = count * dt, (count + 1) * dt, dt
        mode, t_entered, jumps = lane[MODES], lane[ENTERED], lane[JUMPS]
        y, z, u = states_of(lane, 0), unknowns_of(lane, 0), inputs_of(shared, own, k, lane, 0)
        _, _, _, _, seen = equations(mode, t, t - t_entered, y, u, p, z)
        n = write_row(times, rows, n, t, seen)
        for j in range(N_NOISE):
            increments[j * WIDTH] = one_increment(count, pieces_per_step, scale, whose, j, key)
        w = increments_of(1.0, increments, 0, 0)
        repeated = -1
        for draw in range(MOST_JUMPS_IN_STEP):
            status, fired, t, rest, y, z, w = next_event(
                mode, t_entered, t, t_end, rest, y, u, p, z, w, repeated, whose, count, draw, key
            )
            if status != QUIET or fired < 0:
                break
            _, _, _, _, seen = equations(mode, t, t - t_entered, y, u, p, z)
            n = write_row(times, rows, n, t, seen)
            r = random_variables(jumps, whose, key)
            target, is_spike, y = jump(mode, fired, t, t - t_entered, y, u, p, z, r)
            repeated = fired if mode == target else -1
            mode, t_entered, jumps = float(target), t, jumps + 1.0
            if is_spike:
                spikes[n_spikes] = t
                n_spikes += 1
            _, _, _, _, seen = equations(mode, t, t - t_entered, y, u, p, z)
            n = write_row(times, rows, n, t, seen)
            status = CHATTERING
        lane[MODES], lane[ENTERED], lane[JUMPS] = mode, t_entered, jumps
        put_states(lane, 0, y)
        put_unknowns(lane, 0, z)
        if status != QUIET:
            return status, k, n, n_spikes
        if k == n_steps - 1:
            _, _, _, _, seen = equations(mode, t_end, t_end - t_entered, y, u, p, z)
            n = write_row(times, rows, n, t_end, seen)
    return QUIET, n_steps, n, n_spikes
