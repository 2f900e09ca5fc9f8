"""The run of a network: stretches of time between changes of lines, jumps, rows, resuming.

Not imported: its text follows generated functions that go through the groups of neurons and devices (see ``network_source.py``).

In a stretch no line changes, so every neuron is followed by itself, with its own steps, to the stretch's end or its first
event. Where one has an event, the stretch ends there for all: the others are followed anew up to that time. What reaches a neuron
in a stretch is a smooth current, passed on as a cubic polynomial through its values and slopes at both ends.

``lines`` is source, voltage [V], number of pulses under way, whether active (1.0 or 0.0), and the queue of each line: times to come
at which pulses begin and end [s], positions of the next and of the first free place in these rings.
"""

DONE, BUFFER_FULL = 0, 1
CHATTERING, QUEUE_FULL = 4, 7
SOURCES, VOLTAGES, PULSES, ACTIVE, BEGINS, ENDS, PLACES = 0, 1, 2, 3, 4, 5, 6
NEXT_BEGIN, FREE_BEGIN, NEXT_END, FREE_END = 0, 1, 2, 3
# Sums of currents are made anew after this many changes: adding and taking away leaves roundings.
CHANGES_BEFORE_SUM = 4096


@njit
def enqueue(times, places, line, free, t):
    """Put a time into a ring."""
    times[line, places[line, free] % times.shape[1]] = t
    places[line, free] += 1


@njit
def next_change(lines):
    """Time at which the next pulse begins or ends [s]."""
    begins, ends, places = lines[BEGINS], lines[ENDS], lines[PLACES]
    least = math.inf
    room = begins.shape[1]
    for line in range(places.shape[0]):
        if places[line, NEXT_BEGIN] < places[line, FREE_BEGIN]:
            least = min(least, begins[line, places[line, NEXT_BEGIN] % room])
        if places[line, NEXT_END] < places[line, FREE_END]:
            least = min(least, ends[line, places[line, NEXT_END] % room])
    return least


@njit
def has_room(lines):
    """Whether every line can take another pulse into its queue."""
    room, places = lines[BEGINS].shape[1], lines[PLACES]
    for line in range(places.shape[0]):
        if (
            places[line, FREE_BEGIN] - places[line, NEXT_BEGIN] >= room
            or places[line, FREE_END] - places[line, NEXT_END] >= room
        ):
            return False
    return True


@njit
def add_line(line, sign, starts, targets, currents, sums):
    """Add what a line gives, or take it away."""
    for i in range(starts[line], starts[line + 1]):
        sums[targets[i]] += sign * currents[i]


@njit
def change_lines(t, lines, static, filtered, sums, filter_drives):
    """Begin and end the pulses that are due; how many lines changed."""
    begins, ends, places, pulses, active = lines[BEGINS], lines[ENDS], lines[PLACES], lines[PULSES], lines[ACTIVE]
    room, changed = begins.shape[1], 0
    for line in range(places.shape[0]):
        while (
            places[line, NEXT_BEGIN] < places[line, FREE_BEGIN] and begins[line, places[line, NEXT_BEGIN] % room] <= t
        ):
            places[line, NEXT_BEGIN] += 1
            pulses[line] += 1
        while places[line, NEXT_END] < places[line, FREE_END] and ends[line, places[line, NEXT_END] % room] <= t:
            places[line, NEXT_END] += 1
            pulses[line] -= 1
        now = 1.0 if pulses[line] > 0 else 0.0
        if now != active[line]:
            active[line] = now
            sign = 1.0 if now > 0.0 else -1.0
            add_line(line, sign, static[0], static[1], static[2], sums)
            add_line(line, sign, filtered[0], filtered[1], filtered[2], filter_drives)
            changed += 1
    return changed


@njit
def sum_anew(lines, static, filtered, sums, filter_drives):
    """Sums of the currents of all active lines."""
    for i in range(sums.shape[0]):
        sums[i] = 0.0
    for f in range(filter_drives.shape[0]):
        filter_drives[f] = 0.0
    for line in range(lines[ACTIVE].shape[0]):
        if lines[ACTIVE][line] > 0.0:
            add_line(line, 1.0, static[0], static[1], static[2], sums)
            add_line(line, 1.0, filtered[0], filtered[1], filtered[2], filter_drives)


@njit
def schedule(t, source, begins, ends, is_short, lines, delays, t_pulse, lines_of):
    """Put the beginning or end of a pulse into the queues of a source's lines."""
    for i in range(lines_of[0][source], lines_of[0][source + 1]):
        line = lines_of[1][i]
        if begins:
            enqueue(lines[BEGINS], lines[PLACES], line, FREE_BEGIN, t + delays[line])
        if ends or is_short:
            enqueue(lines[ENDS], lines[PLACES], line, FREE_END, t + delays[line] + t_pulse[source])


@njit
def piece_at(t, k, stimuli):
    """Value and slope of a stimulus in its present piece."""
    starts, coefficients, at = stimuli[0], stimuli[1], stimuli[3]
    i = at[k]
    since = t - starts[i]
    value = coefficients[i, 0] + coefficients[i, 1] * since
    slope = coefficients[i, 1]
    if coefficients[i, 2] != 0.0:
        angle = coefficients[i, 3] * since + coefficients[i, 4]
        value += coefficients[i, 2] * math.sin(angle)
        slope += coefficients[i, 2] * coefficients[i, 3] * math.cos(angle)
    return value, slope


@njit
def next_piece(t, stimuli):
    """Go to the pieces in which ``t`` lies; when the next one begins [s]."""
    starts, first, at = stimuli[0], stimuli[2], stimuli[3]
    least = math.inf
    for k in range(at.shape[0]):
        while at[k] + 1 < first[k + 1] and starts[at[k] + 1] <= t:
            at[k] += 1
        if at[k] + 1 < first[k + 1]:
            least = min(least, starts[at[k] + 1])
    return least


@njit
def present_currents(t, stimuli, shares, sums, filters, devices, lines, synaptic, currents):
    """Synaptic current of every neuron, and all that enters it, now [A]."""
    for j in range(sums.shape[0]):
        synaptic[j] = sums[j]
    for f in range(filters[0].shape[0]):
        synaptic[filters[0][f]] += filters[2][f]
    add_all_device_currents(devices, lines[ACTIVE], synaptic)
    for j in range(sums.shape[0]):
        currents[j, 0] = synaptic[j]
    for k in range(stimuli[3].shape[0]):
        value, _ = piece_at(t, k, stimuli)
        for i in range(shares[0][k], shares[0][k + 1]):
            currents[shares[1][i], 0] += value * shares[2][i]


@njit
def currents_in_stretch(t, end, stimuli, shares, sums, filters, filter_drives, devices, lines, currents, one, adds):
    """Currents into every neuron as polynomials of the time since ``t``; ``one`` is room for a polynomial."""
    for j in range(sums.shape[0]):
        currents[j, 0], currents[j, 1], currents[j, 2], currents[j, 3] = sums[j], 0.0, 0.0, 0.0
    h = end - t
    for k in range(stimuli[3].shape[0]):
        for m in range(4):
            one[m] = 0.0
        v0, s0 = piece_at(t, k, stimuli)
        v1, s1 = piece_at(end, k, stimuli)
        if stimuli[1][stimuli[3][k], 2] == 0.0:
            one[0], one[1] = v0, s0
        else:
            add_cubic(one, h, v0, s0, v1, s1)
        for i in range(shares[0][k], shares[0][k + 1]):
            for m in range(4):
                currents[shares[1][i], m] += shares[2][i] * one[m]
    for f in range(filters[0].shape[0]):
        tau, drive, g = filters[1][f], filter_drives[f], filters[2][f]
        g1 = drive + (g - drive) * math.exp(-h / tau)
        add_cubic(currents[filters[0][f]], h, g, (drive - g) / tau, g1, (drive - g1) / tau)
    advance_all_devices(h, devices, lines[ACTIVE], currents, adds)


@njit
def write_network_row(t, n, times, rows, groups, recorded, active, synaptic, currents, devices):
    """Append a row, unless it says again what the last one says."""
    row = rows[n]
    at = 0
    for i in range(recorded[0].shape[0]):
        j = recorded[0][i]
        drawn = observe_any(t, recorded[1][i], recorded[2][i], groups, currents[j, 0], row, at)
        at += recorded[3][i]
        row[at] = synaptic[j] - drawn
        row[at + 1] = recorded[5][i] * active[recorded[4][i]]
        at += 2
    write_all_states(devices, recorded[6], row, at)
    times[n] = t
    if n > 0 and times[n - 1] == t:
        for i in range(row.shape[0]):
            if row[i] != rows[n - 1, i]:
                return n + 1
        return n
    return n + 1


@kernel
def run_network(
    t_stop, limits, groups, group_of, place_of, devices, lines, delays, t_pulse, lines_of, static, filtered, sums, filters,
    filter_drives, stimuli, shares, recorded, events, fired, currents, synaptic, clock, times, rows, spike_times, spike_sources,
    most_stretches,
):  # fmt: skip
    """Go on until ``t_stop`` [s], a full buffer, or ``most_stretches``; all state is in the arrays.

    Returns
    -------
    status, n_rows, n_spikes, neuron : int
        Status, how much of the buffers is filled, and the neuron that a failure concerns.
    """
    n, n_spikes, changes, none = np.int64(0), np.int64(0), 0, np.int64(-1)
    t, records = clock[0], recorded[0].shape[0] > 0
    n_neurons = events.shape[0]
    # Not literals: the functions that take them would be compiled twice.
    looking, not_looking = n_neurons > 0, n_neurons <= 0
    one = np.zeros(4)
    for _ in range(most_stretches):
        if n + 4 > times.shape[0] or n_spikes + 2 * n_neurons > spike_times.shape[0]:
            break
        if not has_room(lines):
            return QUEUE_FULL, n, n_spikes, none

        # What happens now: jumps, then lines, with a row before and one after.
        jumped = False
        for j in range(n_neurons):
            if fired[j] >= 0 and events[j] <= t:
                if not jumped:
                    present_currents(t, stimuli, shares, sums, filters, devices, lines, synaptic, currents)
                    if records:
                        n = write_network_row(
                            t, n, times, rows, groups, recorded, lines[ACTIVE], synaptic, currents, devices
                        )
                jumped = True
                is_spike, was, now, chatters = jump_any(t, group_of[j], place_of[j], fired[j], groups, currents[j, 0])
                fired[j] = none
                events[j] = math.inf
                if is_spike:
                    spike_times[n_spikes], spike_sources[n_spikes] = t, j
                    n_spikes += 1
                schedule(
                    t,
                    j,
                    is_spike and not was,
                    was and not now,
                    is_spike and not was and not now,
                    lines,
                    delays,
                    t_pulse,
                    lines_of,
                )
                if chatters:
                    return CHATTERING, n, n_spikes, j
        if next_change(lines) <= t:
            if records and not jumped:
                present_currents(t, stimuli, shares, sums, filters, devices, lines, synaptic, currents)
                n = write_network_row(t, n, times, rows, groups, recorded, lines[ACTIVE], synaptic, currents, devices)
            changes += change_lines(t, lines, static, filtered, sums, filter_drives)
            if changes > CHANGES_BEFORE_SUM:
                sum_anew(lines, static, filtered, sums, filter_drives)
                changes = 0
        piece_ends = next_piece(t, stimuli)
        if records:
            present_currents(t, stimuli, shares, sums, filters, devices, lines, synaptic, currents)
            n = write_network_row(t, n, times, rows, groups, recorded, lines[ACTIVE], synaptic, currents, devices)
        if t >= t_stop:
            return DONE, n, n_spikes, none

        end = min(t + longest_of_all(groups, limits), min(min(next_change(lines), piece_ends), t_stop))
        currents_in_stretch(
            t, end, stimuli, shares, sums, filters, filter_drives, devices, lines, currents, one, looking
        )
        status, who = advance_all(t, end, groups, currents, events, fired, looking)
        if status != DONE:
            return status, n, n_spikes, who
        first = math.inf
        for j in range(n_neurons):
            first = min(first, events[j])
        if first < end:
            end = first
            if end > t:
                status, who = advance_all(t, end, groups, currents, events, fired, not_looking)
                if status != DONE:
                    return status, n, n_spikes, who
                advance_all_devices(end - t, devices, lines[ACTIVE], currents, not_looking)
        if end > t:
            accept_all(groups)
            accept_all_devices(devices)
            for f in range(filters[0].shape[0]):
                filters[2][f] = filter_drives[f] + (filters[2][f] - filter_drives[f]) * math.exp(
                    -(end - t) / filters[1][f]
                )
        t = end
        clock[0] = t
    return BUFFER_FULL, n, n_spikes, none
