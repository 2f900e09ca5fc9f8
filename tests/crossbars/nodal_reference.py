"""A crossbar as a list of resistors, solved by elimination in 60 digits: written for the tests, with nothing of the package."""

from __future__ import annotations

import mpmath
import numpy as np

SIDES = ("left", "right", "top", "bottom")
DIGITS = 60


class Reference:
    """Voltages and currents of one vector.

    `ends` maps a side to the words of its ends, `volts` to their voltages.
    """

    def __init__(self, g, r_word, r_bit, r_driver, r_sense, ends, volts):
        with mpmath.workdps(DIGITS):
            self._solve(np.asarray(g, dtype=float), r_word, r_bit, r_driver, r_sense, ends, volts)

    def _solve(self, g, r_word, r_bit, r_driver, r_sense, ends, volts):
        m, n = g.shape
        behind = {"driven": r_driver, "sensed": r_sense, "grounded": 0.0, "floating": np.inf}
        resistors = []  # (node, node, resistance)
        for i in range(m):
            for j in range(n):
                if g[i, j] > 0:
                    resistors.append((("w", i, j), ("b", i, j), 1 / mpmath.mpf(float(g[i, j]))))
                if j + 1 < n:
                    resistors.append((("w", i, j), ("w", i, j + 1), r_word))
                if i + 1 < m:
                    resistors.append((("b", i, j), ("b", i + 1, j), r_bit))
        fixed = {}
        for side in SIDES:
            for k, word in enumerate(ends[side]):
                end = {"left": ("w", k, 0), "right": ("w", k, n - 1), "top": ("b", 0, k), "bottom": ("b", m - 1, k)}[
                    side
                ]
                segment = r_word if side in ("left", "right") else r_bit
                resistors.append(((side, k), end, mpmath.mpf(float(segment)) + mpmath.mpf(float(behind[word]))))
                fixed[side, k] = mpmath.mpf(float(volts[side][k])) if word == "driven" else mpmath.mpf(0)
        resistors = [(a, b, mpmath.mpf(r)) for a, b, r in resistors if r != mpmath.inf and r != np.inf]

        parent = {}

        def root(a):
            while parent.get(a, a) != a:
                a = parent[a]
            return a

        for a, b, r in resistors:
            if r == 0:
                ra, rb = root(a), root(b)
                # A source stays the root of what it holds.
                if ra in fixed:
                    ra, rb = rb, ra
                assert ra not in fixed
                parent[ra] = rb
        merged = [(root(a), root(b), 1 / r) for a, b, r in resistors if r != 0]
        merged = [(a, b, s) for a, b, s in merged if a != b]

        neighbours = {}
        for a, b, _ in merged:
            neighbours.setdefault(a, set()).add(b)
            neighbours.setdefault(b, set()).add(a)
        reached, fresh = set(fixed), list(fixed)
        while fresh:
            for b in neighbours.get(fresh.pop(), ()):
                if b not in reached:
                    reached.add(b)
                    fresh.append(b)

        rows, right = {}, {}
        for a, b, s in merged:
            for here, there in ((a, b), (b, a)):
                if here in fixed or here not in reached:
                    continue
                row = rows.setdefault(here, {})
                row[here] = row.get(here, 0) + s
                right.setdefault(here, mpmath.mpf(0))
                if there in fixed:
                    right[here] += s * fixed[there]
                else:
                    row[there] = row.get(there, 0) - s
        volt = dict(fixed) | eliminate(rows, right)

        def voltage(node):
            return volt.get(root(node))

        self.node_voltages = np.full((2, m, n), np.nan)
        self.device_currents = np.zeros((m, n))
        exact = {}
        for i in range(m):
            for j in range(n):
                w, b = voltage(("w", i, j)), voltage(("b", i, j))
                for layer, v in enumerate((w, b)):
                    if v is not None:
                        self.node_voltages[layer, i, j] = float(v)
                current = (
                    mpmath.mpf(float(g[i, j])) * (w - b)
                    if w is not None and b is not None and g[i, j] > 0
                    else mpmath.mpf(0)
                )
                exact[i, j] = current
                self.device_currents[i, j] = float(current)
        out = {}
        held = {}
        for a, b, r in resistors:
            if a in fixed:
                if r == 0:
                    held[a] = b
                else:
                    out[a] = (voltage(b) - fixed[a]) / r
        for (side, k), end in held.items():
            # The end that holds a line of one node takes what is left of the others' currents.
            if side in ("left", "right"):
                devices, other = (
                    sum((exact[k, j] for j in range(n)), mpmath.mpf(0)),
                    {"left": "right", "right": "left"}[side],
                )
                sign = 1
            else:
                devices, other = (
                    sum((exact[i, k] for i in range(m)), mpmath.mpf(0)),
                    {"top": "bottom", "bottom": "top"}[side],
                )
                sign = -1
            assert end[0] in "wb"
            out[side, k] = -sign * devices - out.get((other, k), mpmath.mpf(0))
        self.terminal_currents = {
            side: np.array([float(out.get((side, k), 0)) for k in range(len(ends[side]))]) for side in SIDES
        }
        self.largest = max(
            [float(np.abs(self.device_currents).max())]
            + [float(np.abs(i).max()) for i in self.terminal_currents.values()]
            + [abs(float((voltage(a) - voltage(b)) / r)) for a, b, r in resistors if r != 0 and voltage(a) is not None]
        )


def eliminate(rows, right):
    """Gaussian elimination of a diagonally dominant system, rows as dicts."""
    order = sorted(rows, key=str)
    order.sort(key=lambda node: len(rows[node]))
    # Neighbours on the lines one after the other keep the rows short.
    order.sort(key=lambda node: (node[1] + node[2], node[1]) if len(node) == 3 else (10**6, 0))
    done = []
    for node in order:
        row = rows.pop(node)
        pivot = row.pop(node)
        done.append((node, row, pivot))
        for other, value in row.items():
            factor = value / pivot
            target = rows[other]
            target.pop(node)
            for third, entry in row.items():
                target[third] = target.get(third, mpmath.mpf(0)) - factor * entry
            right[other] -= factor * right[node]
    volt = {}
    for node, row, pivot in reversed(done):
        volt[node] = (right[node] - sum((value * volt[other] for other, value in row.items()), mpmath.mpf(0))) / pivot
    return volt
