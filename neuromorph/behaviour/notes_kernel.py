"""Which lanes of a block have had a quiet step: noted in the loop along the lanes, collected after it.

Not imported: its text stands before that of a method for lanes (see ``lanes.py``).
"""


@inlined
def note(tile, i, quiet):
    """Note whether a lane has been quiet; 1 if not."""
    tile[NOTES + i] = 0.0 if quiet else 1.0
    return 0 if quiet else 1


@inlined
def lanes_noted(tile, start):
    """A bit for each lane of a block that has not been quiet."""
    bits = U0
    for i in range(BLOCK):
        bits |= (U1 if tile[NOTES + start + i] > 0.0 else U0) << np.uint64(i)
    return bits
