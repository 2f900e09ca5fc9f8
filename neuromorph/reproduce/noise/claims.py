"""What the paper says of figures 2 to 4, and the numbers that decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from neuromorph.reproduce.claim import AS_PRINTED, READING, WRONG, Claim
from neuromorph.reproduce.noise.classical import LATE, ClassicalRun

Runs = Mapping[tuple[str, str], ClassicalRun]
"""By panel and reading."""

_UNIT = (
    "Reading R*: the paper gives I in mV and divides it by a conductance. 12 mV a unit of I/g_L, noise of 20 normal numbers a step of "
    "0.1 ms (white noise of 2 sqrt(40 ms)) and one refractory time max(0, mu + sigma n) a trial reproduce the text."
)
_FRACTION = (
    "What the paper calls a firing rate in Hz is the share of the trials that spike in one Euler step of 0.1 ms: 0.01 is "
    "100 Hz."
)


def classical_claims(runs: Runs) -> list[Claim]:
    """Every claim about figures 2 to 4.

    Parameters
    ----------
    runs : mapping from (panel, reading) to ClassicalRun
        All panels under R*, "2 left" also under "pA" and "mV", "4 right" also under "R* strict" (SI units).

    Returns
    -------
    list of Claim
        In the order of the figures (SI units).
    """
    return [*_figure_2(runs), *_figure_3(runs), *_figure_4(runs)]


def _figure_2(runs: Runs) -> Iterator[Claim]:
    left, right = runs["2 left", "R*"], runs["2 right", "R*"]
    yield Claim(
        figure="2 left",
        claim="V = -62 mV between 5 and 10 ms.",
        measure="mean V, 5 to 10 ms",
        value=left.v_early,
        low=-62.175e-3,
        high=-61.975e-3,
        unit="V",
        verdict=READING,
        why=_UNIT,
    )
    yield Claim(
        figure="2 left",
        claim="No fluctuations in the deterministic case.",
        measure="largest standard deviation of V between trials",
        value=float(left.v_sd.max()),
        low=-1e-15,
        high=1e-15,
        unit="V",
        verdict=AS_PRINTED,
        why="Nothing in it is random.",
    )
    yield Claim(
        figure="2 left",
        claim="It fires regularly.",
        measure="rate after 20 ms",
        value=left.rate,
        low=30.0,
        high=31.6,
        unit="Hz",
        verdict=READING,
        why=f"{_UNIT} The interval is 8 ms + 30 ms ln(36/16) = 32.3 ms; four spikes fall into the 130 ms.",
    )
    fluctuates = "Fluctuations occur with a random refractory time, in the raster and in the firing rate."
    yield Claim(
        figure="2 right",
        claim=fluctuates,
        measure="largest standard deviation of V between trials",
        value=float(right.v_sd.max()),
        low=1e-3,
        high=20e-3,
        unit="V",
        verdict=READING,
        why=f"{_UNIT} Trials with different refractory times drift apart.",
    )
    yield Claim(
        figure="2 right",
        claim=fluctuates,
        measure="rate after 20 ms",
        value=right.rate,
        low=43.1,
        high=46.1,
        unit="Hz",
        verdict=READING,
        why=f"{_UNIT} The mean of max(0, n) is 0.4 ms, so the rate is higher than with 8 ms.",
    )
    for reading, meant in (("pA", "pA"), ("mV", "mV over the leak, as printed,")):
        v = "-69.8 mV" if reading == "pA" else "-67 mV"
        yield Claim(
            figure="2 left",
            claim="I_inj = 3 (mV) makes the neuron fire.",
            measure=f"spikes of 100 trials with I in {meant.split(',')[0]}",
            value=float(len(runs["2 left", reading].spikes)),
            low=-0.5,
            high=0.5,
            verdict=WRONG,
            why=f"With I in {meant} the membrane settles at {v}, below the threshold of -50 mV: the figure never spikes.",
        )


def _figure_3(runs: Runs) -> Iterator[Claim]:
    base, left, right = (runs[panel, "R*"] for panel in ("2 left", "3 left", "3 right"))
    yield Claim(
        figure="3 left",
        claim="V = -66 mV between 5 and 10 ms.",
        measure="mean V, 5 to 10 ms",
        value=left.v_early,
        low=-68e-3,
        high=-64e-3,
        unit="V",
        verdict=READING,
        why=_UNIT,
    )
    for run in (left, right):
        yield Claim(
            figure=run.case.panel,
            claim="The firing rate is close to 0 after 20 ms.",
            measure="share of trials that spike in a step, after 20 ms",
            value=run.fraction_after(LATE[0]),
            low=0.0,
            high=0.02,
            verdict=READING,
            why=f"{_FRACTION} It is near zero because the trials no longer spike together, not because they are silent.",
        )
    decreases = "The firing rate decreases significantly against figure 2."
    why = (
        f"{_FRACTION} The rate of a neuron rises, because the mean current is twice that of figure 2. What falls is the height of the "
        "peaks, that is the synchrony of the trials: noise spreads their spikes."
    )
    yield Claim(
        figure="3 left",
        claim=decreases,
        measure="rate after 20 ms, over that of figure 2 left",
        value=left.rate / base.rate,
        low=1.7,
        high=2.05,
        verdict=WRONG,
        why=why,
    )
    yield Claim(
        figure="3 left",
        claim=decreases,
        measure="synchrony in bins of 1 ms, over that of figure 2 left",
        value=left.synchrony / base.synchrony,
        low=0.0,
        high=0.1,
        verdict=READING,
        why=why,
    )
    yield Claim(
        figure="3 right",
        claim="The random refractory time changes the spiking activity and the firing rate little.",
        measure="rate after 20 ms, over that of figure 3 left",
        value=right.rate / left.rate,
        low=1.6,
        high=1.95,
        verdict=WRONG,
        why="Its mean is 0.4 ms in the place of 8 ms (mu = 0 and sigma = 1 ms, as in figure 2; figure 3 gives none), which nearly doubles "
        "the rate. In shares of a step that is 0.006 against 0.010, which a plot does not show.",
    )


def _figure_4(runs: Runs) -> Iterator[Claim]:
    left, right, strict = runs["4 left", "R*"], runs["4 right", "R*"], runs["4 right", "R* strict"]
    yield Claim(
        figure="4 left",
        claim="The firing rate is close to 0 after 10 ms.",
        measure="share of trials that spike in a step, after 10 ms",
        value=left.fraction_after(10e-3),
        low=0.0,
        high=0.02,
        verdict=READING,
        why=_FRACTION,
    )
    yield Claim(
        figure="4 right",
        claim="Multiplicative noise takes the mean V below V_reset = -70 mV.",
        measure="lowest mean V",
        value=float(right.v_mean.min()),
        low=-1e3,
        high=-75e-3,
        unit="V",
        verdict=READING,
        why=f"{_UNIT} In one step the noise moves V by 112 mV: the threshold cuts the upper side, the lower one has a heavy tail, "
        "so the minimum depends on the seed. It is reached in the first ms: then every trial has spiked and is held at -70 mV, because "
        "counted spikes start the refractory time anew. Without these the mean V is below -70 mV for 94 % of the time.",
    )
    rises = "The firing rate rises dramatically, from 0 to 0.4 (Hz)."
    why = (
        "0.4 a step is 4.3 kHz under a refractory time of 5 ms: it comes about only if a spike is counted before the membrane is held at "
        "its reset, in each step in which the noise alone crosses the threshold (P(n > 0.18) = 0.43)."
    )
    yield Claim(
        figure="4 right",
        claim=rises,
        measure="share of trials that spike in a step, after 20 ms",
        value=right.fraction_after(LATE[0]),
        low=0.35,
        high=0.45,
        verdict=READING,
        why=why,
    )
    yield Claim(
        figure="4 right",
        claim=rises,
        measure="the same, no spikes in the refractory time",
        value=strict.fraction_after(LATE[0]),
        low=0.0,
        high=0.03,
        verdict=WRONG,
        why=f"{why} A neuron that does not spike while it is refractory fires at 200 Hz, which is 0.02 a step.",
    )
