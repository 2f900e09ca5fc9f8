"""Neurons of one kind in a network, each followed by itself through a time in which no line changes.

Not imported: its text follows that of ``integrate_kernel.py`` in the module of one kind of neuron (see
``network_source.py``). The current into a neuron is a cubic polynomial of the time since the stretch began; ``c`` holds its
coefficients.

``group`` is members, states, unknowns and constants (one row for each member), states and unknowns at the end of
the stretch, modes, times at which they were entered [s], the guard that led back into the same mode or -1, the length of chains of
jumps, what the solver needs and its room, whether the line is active in each mode, what synapses load the input nodes with [S],
the guard that led back as it is at the end of the stretch, lanes, and in which of these nothing happened.
"""

MEMBERS, STATES, UNKNOWNS, CONSTANTS, NEW_STATES, NEW_UNKNOWNS, MODES, ENTERED, REPEATING, CHAINS = (
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
)
METHOD, WHERE, CLOCK, SUSPECTS, SPIKING, LOADS, NEW_REPEATING = 10, 11, 12, 13, 14, 15, 16
TILES, QUIET = 17, 18


@njit
def follow(t, end, here, repeated, y, z, method, where, clock, suspects, looks):
    """Follow one neuron from ``t`` to ``end`` or its first event.

    Status, time reached, the guard that fired or -1, the guard that may not fire at once, states and unknowns there. Unless it
    ``looks``, events are not asked for.
    """
    none = np.int64(-1)
    solved, z, f, g, _ = equations_at(t, y, z, here)
    if not solved:
        return NO_ALGEBRAIC_SOLUTION, t, none, repeated, y, z
    if looks:
        for i in range(N_GUARDS):
            if g[i] >= 0.0 and i != repeated:
                return DONE, t, np.int64(i), repeated, y, z
    begin(t, end, here[0], method, where, clock)
    while t < end:
        status, t_next, h, z1, y1 = advance(t, end, y, f, z, here, method, where, clock)
        if status != DONE:
            return status, t, none, repeated, y, z
        if t_next >= end and not looks and repeated < 0:
            return DONE, end, none, repeated, y1, z1
        solved, z1, f1, g1, _ = equations_at(t_next, y1, z1, here)
        if not solved:
            return NO_ALGEBRAIC_SOLUTION, t, none, repeated, y, z
        if looks:
            if not suspect(suspects, t, h, y, f, g, y1, f1, g1, z1, here, method):
                return NO_ALGEBRAIC_SOLUTION, t, none, repeated, y, z
            fired, s_fired, y_fired, z_fired = none, 2.0, y1, z1
            for i in range(N_GUARDS):
                s = suspects[i]
                if s <= 1.0:
                    s, solved, z_s, y_s = crossing_in_step(s, i, g[i], g1[i], t, h, y, f, z, y1, z1, here, method)
                    if not solved:
                        return NO_ALGEBRAIC_SOLUTION, t, none, repeated, y, z
                    if s < s_fired:
                        fired, s_fired, y_fired, z_fired = np.int64(i), s, y_s, z_s
            if fired >= 0:
                t_fired = t + s_fired * h
                return DONE, end if t_fired > end else t_fired, fired, repeated, y_fired, z_fired
        t, y, z, f, g = t_next, y1, z1, f1, g1
        where[STEP] += 1
        # A jump back into the same mode leaves its guard at zero, more or less: it must fall first.
        if repeated >= 0 and g[repeated] < 0.0:
            repeated = none
    return DONE, t, none, repeated, y, z


@njit
def advance_group(t, end, group, currents, events, fired, looks):
    """Status, and the neuron that it concerns, of all members followed from ``t`` to ``end`` or their first event.

    Without ``looks`` only those that have not been followed to ``end`` already, or to an event there.
    """
    members, method, where, clock, suspects = group[MEMBERS], group[METHOD], group[WHERE], group[CLOCK], group[SUSPECTS]
    if looks:
        for k in range(members.shape[0]):
            events[members[k]] = math.inf
    pass_over_lanes(t, end, group, currents, events)
    for k in range(members.shape[0]):
        j = members[k]
        if not looks and events[j] == end:
            continue
        if group[QUIET][k]:
            events[j], fired[j] = math.inf if looks else end, -1
            group[NEW_REPEATING][k] = -1
            continue
        c = (currents[j, 0], currents[j, 1], currents[j, 2], currents[j, 3])
        here = (group[MODES][k], group[ENTERED][k], t, c, pack_constants(group[CONSTANTS][k]))
        y, z = pack_states(group[STATES][k]), pack_unknowns(group[UNKNOWNS][k])
        status, reached, guard, repeated, y, z = follow(
            t, end, here, group[REPEATING][k], y, z, method, where, clock, suspects, looks
        )
        if status != DONE:
            return status, j
        if guard >= 0 or not looks:
            events[j], fired[j] = reached, guard
        else:
            events[j], fired[j] = math.inf, guard
        for i in range(N_STATES):
            group[NEW_STATES][k, i] = y[i]
        for i in range(len(z)):
            group[NEW_UNKNOWNS][k, i] = z[i]
        group[NEW_REPEATING][k] = repeated
    return DONE, -1


@njit
def accept_group(group):
    """Make the end of the stretch the present."""
    for k in range(group[MEMBERS].shape[0]):
        for i in range(group[STATES].shape[1]):
            group[STATES][k, i] = group[NEW_STATES][k, i]
        for i in range(group[UNKNOWNS].shape[1]):
            group[UNKNOWNS][k, i] = group[NEW_UNKNOWNS][k, i]
        group[REPEATING][k] = group[NEW_REPEATING][k]


@njit
def jump_member(t, k, guard, group, current):
    """Whether it is a spike, whether its line was active before, is active after, and whether it chatters."""
    mode = group[MODES][k]
    y, z, p = pack_states(group[STATES][k]), pack_unknowns(group[UNKNOWNS][k]), pack_constants(group[CONSTANTS][k])
    new_mode, is_spike, y = jump(mode, guard, t, t - group[ENTERED][k], y, (current,), p, z)
    close = t - group[ENTERED][k] <= 1e-9 * longest_step(mode, group[METHOD])
    group[CHAINS][k] = group[CHAINS][k] + 1 if close else 0
    group[REPEATING][k] = guard if new_mode == mode else np.int64(-1)
    group[MODES][k], group[ENTERED][k] = new_mode, t
    for i in range(N_STATES):
        group[STATES][k, i] = y[i]
    return is_spike, group[SPIKING][mode], group[SPIKING][new_mode], group[CHAINS][k] > MOST_JUMPS_AT_ONE_TIME


@njit
def longest_stretch(group, longest):
    """Shortest of the times given for the modes that the members are in [s]."""
    least = math.inf
    for k in range(group[MEMBERS].shape[0]):
        least = min(least, longest[k, group[MODES][k]])
    return least


@njit
def observe_member(t, k, group, current, row, at):
    """Write states, unknowns and derived signals of a member into a row; the current that its input node draws from synapses [A]."""
    y, z, p = pack_states(group[STATES][k]), pack_unknowns(group[UNKNOWNS][k]), pack_constants(group[CONSTANTS][k])
    here = (group[MODES][k], group[ENTERED][k], t, (current, 0.0, 0.0, 0.0), p)
    _, _, _, _, seen = equations_at(t, y, z, here)
    for i in range(N_SHOWN):
        row[at + i] = seen[i]
    for i in range(N_DERIVED):
        row[at + N_SHOWN + i] = seen[N_SHOWN + 1 + i]
    return group[LOADS][k] * seen[N_OBSERVED - 1]
