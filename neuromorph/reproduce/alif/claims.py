"""What the paper says, and the numbers that decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from neuromorph.reproduce.alif.extras import CURRENTS, Rest
from neuromorph.reproduce.alif.hardware_claims import hardware_claims
from neuromorph.reproduce.alif.reading import HARD, IDEAL, VALUES, Runs
from neuromorph.reproduce.alif.reference import F_I
from neuromorph.reproduce.claim import NOT, READING, WRONG, Claim


def claims_of(
    runs: Runs, rest: Rest, counts: Sequence[tuple[int, int]], budget: Sequence[Mapping[str, Any]]
) -> list[Claim]:
    """Every claim with its number.

    Parameters
    ----------
    runs : mapping from (Variant, road) to Run
        Every variant on both roads.
    rest : Rest
        What a rest does to the state.
    counts : sequence of tuple of int
        Spikes at each of :data:`CURRENTS` [A].
    budget : sequence of mapping
        Rows of the budget of delays [s].

    Returns
    -------
    list of Claim
        In the order of the paper's figures (SI units).
    """
    return [
        *_figure_5(runs),
        *hardware_claims(runs, budget),
        *_text(runs, rest, counts),
    ]


def _figure_5(runs: Runs) -> Iterator[Claim]:
    run = runs[IDEAL, "ode"]
    s = run.statistics
    fast = "At first rapid spikes at a high frequency, then the frequency falls as the memristor's resistance falls."
    adapts = partial(Claim, figure="5a", claim=fast, verdict=READING, why=VALUES)
    yield adapts(measure="first ISI", value=s.isi_first, low=19.53e-6, high=19.97e-6, unit="s")
    yield adapts(measure="last ISI of the first on-phase", value=s.isi_last, low=43.8e-6, high=45.2e-6, unit="s")
    yield adapts(measure="steady ISI, fifth on-phase", value=s.isi_steady, low=51.9e-6, high=53.6e-6, unit="s")
    yield adapts(measure="adaptation ratio, steady over first ISI", value=s.adaptation_ratio, low=2.6, high=2.75)
    yield adapts(measure="spikes in five periods", value=s.spike_count, low=50, high=52)
    rises = "x increases with the excitation, which decreases the resistance."
    for n, (low, high) in enumerate(((0.880, 0.897), (0.989, 0.994), (0.9985, 1.0), (0.9995, 1.0), (0.9998, 1.0))):
        if n in (0, 1, 4):
            yield Claim(
                figure="5b",
                claim=rises,
                measure=f"x at the end of on-phase {n + 1}",
                value=run.x_ends[n],
                low=low,
                high=high,
                verdict=READING,
                why=VALUES,
            )
    first, last = run.peaks
    higher = "As the resistance falls, the capacitor must be charged to a higher voltage, which takes more charge."
    yield Claim(
        figure="5c",
        claim=higher,
        measure="capacitor voltage at the first spike",
        value=first,
        low=0.67,
        high=0.74,
        unit="V",
        verdict=READING,
        why="v_th (R_m + R_s)/R_m: 0.667 V at x = 0, and x has risen to 0.07 by then.",
    )
    yield Claim(
        figure="5c",
        claim=higher,
        measure="capacitor voltage at the last spike",
        value=last,
        low=1.18,
        high=1.22,
        unit="V",
        verdict=READING,
        why="v_th (R_m + R_s)/R_m = 1.2 V at x = 1.",
    )


def _text(runs: Runs, rest: Rest, counts: Sequence[tuple[int, int]]) -> Iterator[Claim]:
    resets = "Over time the residual voltage v_rest causes a reset of the state variable to zero."
    why = (
        "At rest there is no voltage across the memristor, whatever v_rest is, and below 0.27 V an MMS holds its state: it drifts to 0.5, "
        "not to zero, with tau/2 (1 + exp(v_on/v_t)) = 1.81 s. A reset to zero takes less than -0.27 V across the memristor."
    )
    at_rest = partial(Claim, figure="text", claim=resets, verdict=WRONG, why=why)
    yield at_rest(measure="share of x that is left after 10 ms of rest", value=rest.kept, low=0.99, high=1.0)
    yield at_rest(
        measure="time constant with which x drifts to 0.5", value=rest.time_constant, low=1.76, high=1.96, unit="s"
    )
    adjusts = "The circuit adjusts its response to the amplitude of the input."
    off = max(
        abs(a - b)
        for pair, current in zip(counts, CURRENTS, strict=True)
        for a, b in zip(pair, F_I[current], strict=True)
    )
    yield Claim(
        figure="text",
        claim=adjusts,
        measure="f-I curve, 0.4 to 2 mA: most spikes from the reference",
        value=off,
        low=-0.5,
        high=1.5,
        verdict=READING,
        why=f"{VALUES} A spike may fall on the edge of the on-phase.",
    )
    by_current = dict(zip(CURRENTS, counts, strict=True))
    yield Claim(
        figure="text",
        claim=adjusts,
        measure="spikes at 2 mA, first on-phase",
        value=by_current[2e-3][0],
        low=39.5,
        high=42.5,
        verdict=READING,
        why=VALUES,
    )
    yield Claim(
        figure="text",
        claim=adjusts,
        measure="steady spikes at 0.8 mA: adapted to silence",
        value=by_current[0.8e-3][1],
        low=-0.5,
        high=2.5,
        verdict=READING,
        why="At x = 1 the memristor drops 0.4 V at 0.8 mA: the threshold is just not reached.",
    )
    ideal, hard = runs[IDEAL, "ode"], runs[HARD, "ode"]
    lower = "Fewer spikes in the low-resistance state mean less energy."
    yield Claim(
        figure="text",
        claim=lower,
        measure="energy from the drive, fifth period over first",
        value=ideal.phase_energies[4] / ideal.phase_energies[0],
        low=1.2,
        high=1.4,
        verdict=WRONG,
        why="The drive is a current: as the memristor's share of the voltage falls, the capacitor is charged higher, and each spike "
        "takes 2.1 times the energy. 9 spikes instead of 15 take 29 % more, not less.",
    )
    yield Claim(
        figure="text",
        claim=lower,
        measure="energy of the discharges, fifth period over first",
        value=ideal.discharge_energies[4] / ideal.discharge_energies[0],
        low=0.88,
        high=0.99,
        verdict=READING,
        why="What the discharges alone take does fall, by 6 %, while the spikes fall by 40 %.",
    )
    drive = sum(hard.phase_energies) / (5e-3 * hard.supply_power)
    yield Claim(
        figure="text",
        claim="The circuit is energy efficient.",
        measure="energy from the drive over that from the supplies",
        value=drive,
        low=0.005,
        high=0.03,
        verdict=NOT,
        why="Amplifier, comparator and reference draw 34 mW all the time, some ninety times what the spikes take: the hardware's power does "
        "not depend on its spikes.",
    )
