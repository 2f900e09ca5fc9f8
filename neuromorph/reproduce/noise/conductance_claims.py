"""What the paper says of figures 5 to 8, and the numbers that decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from neuromorph.reproduce.claim import NOT, READING, WRONG, Claim
from neuromorph.reproduce.noise.classical import truncated_mean
from neuromorph.reproduce.noise.conductance import ConductanceRun

Runs = Mapping[str, ConductanceRun]
"""By panel, under the reading W."""

_W = (
    "Reading W: I in pA, white noise of sigma pA sqrt(s); the tutorial's numbers for what the paper leaves out (2.4 nS a spike, "
    "2 and 5 ms, V(0) = -65 mV)."
)
_LENGTHENS = "A random refractory time increases the time between two spikes."
_SHORTER = (
    "The random time is 1 + 2 n ms. Where it is below zero it counts as zero, so its mean is 1.4 ms, not 8: spikes come sooner. A "
    "random time of the same mean, 8 + 2 n ms, does not change the interval."
)


def conductance_claims(runs: Runs) -> list[Claim]:
    """Every claim about figures 5 to 8.

    Parameters
    ----------
    runs : mapping from panel to ConductanceRun
        All panels (SI units).

    Returns
    -------
    list of Claim
        In the order of the figures (SI units).
    """
    return [*_figure_5(runs), *_figure_6(runs), *_figure_7(runs), *_figure_8(runs), *_text(runs)]


def _figure_5(runs: Runs) -> Iterator[Claim]:
    yield Claim(
        figure="5 left",
        claim="Equation (6): dg/dt = -gbar sum delta(t - t_k) - g/tau.",
        measure="mean excitatory conductance",
        value=runs["6 left"].g_exc_mean,
        low=4.7e-9,
        high=4.9e-9,
        unit="S",
        verdict=WRONG,
        why="The sign of gbar must be plus: with the printed one the conductance is never positive. With a plus its mean is "
        "100 x 10 Hz x 2.4 nS x 2 ms = 4.8 nS, as in the figure.",
    )
    yield Claim(
        figure="5 right",
        claim="Inhibitory conductance.",
        measure="mean inhibitory conductance",
        value=runs["6 left"].g_inh_mean,
        low=11.75e-9,
        high=12.25e-9,
        unit="S",
        verdict=READING,
        why=f"{_W} 50 x 20 Hz x 2.4 nS x 5 ms = 12 nS.",
    )


def _figure_6(runs: Runs) -> Iterator[Claim]:
    left, right = runs["6 left"], runs["6 right"]
    yield _rate("6 left", "A neuron under Poisson spikes and a constant current.", left, 10.7, 12.7)
    yield Claim(
        figure="6 left",
        claim="The free membrane potential, without the threshold.",
        measure="mean free potential",
        value=left.free_mean,
        low=-58.8e-3,
        high=-58.2e-3,
        unit="V",
        verdict=READING,
        why=_W,
    )
    yield Claim(
        figure="6 right",
        claim="It looks similar with a noisy current.",
        measure="rate, from that of figure 6 left",
        value=right.rate - left.rate,
        low=-1.5,
        high=1.5,
        unit="Hz",
        verdict=READING,
        why=_W,
    )
    yield Claim(
        figure="6 right",
        claim="There is a slight increase in the distance between spikes.",
        measure="time per spike, over that of figure 6 left",
        value=left.rate / right.rate,
        low=0.9,
        high=1.02,
        verdict=NOT,
        why="The mean current falls by 7 pA, which lowers V by 0.2 mV; the noise makes up for it. With one normal number a step (reading "
        "pA) the distance does grow, by 10 %, but then figure 7 right has no bursts.",
    )


def _figure_7(runs: Runs) -> Iterator[Claim]:
    left, right = runs["7 left"], runs["7 right"]
    yield _rate("7 left", "Noisy current and random refractory time.", left, 12.4, 14.8)
    yield Claim(
        figure="7 left",
        claim="There is a long silence from 400 ms on, compared with figure 6.",
        measure="time per spike, over that of figure 6 right",
        value=runs["6 right"].rate / left.rate,
        low=0.83,
        high=0.95,
        verdict=NOT,
        why="Intervals have a coefficient of variation of 0.85, so a long one comes by chance on a path of a second, in figure 6 too. On the "
        "average spikes come sooner.",
    )
    bursts = "Multiplicative noise causes bursts, also in the free membrane potential."
    yield Claim(
        figure="7 right",
        claim=bursts,
        measure="share of intervals under 3 ms",
        value=right.burst_share,
        low=0.3,
        high=1.0,
        verdict=READING,
        why=f"{_W} The rate is {right.rate:.0f} Hz.",
    )
    yield Claim(
        figure="7 right",
        claim=bursts,
        measure="standard deviation of the free potential",
        value=right.free_sd,
        low=20e-3,
        high=0.2,
        unit="V",
        verdict=READING,
        why=f"{_W} A free membrane has no bursts; what is seen is noise of many times the distance to the threshold.",
    )


def _figure_8(runs: Runs) -> Iterator[Claim]:
    left, right = runs["8 left"], runs["8 right"]
    vanish = "With g_L = 200 nS the bursts are gone."
    yield Claim(
        figure="8 left",
        claim=vanish,
        measure="share of intervals under 3 ms",
        value=left.burst_share,
        low=-1e-9,
        high=0.01,
        verdict=READING,
        why=f"{_W} The refractory time of 8 ms alone would see to it; figure 8 right, without it, is the test.",
    )
    yield Claim(
        figure="8 right",
        claim=vanish,
        measure="share of intervals under 3 ms",
        value=right.burst_share,
        low=-1e-9,
        high=0.01,
        verdict=READING,
        why=f"{_W} With tau_m kept, the capacitance is ten times as large and the same noise moves V a tenth as much.",
    )
    yield Claim(
        figure="8 left",
        claim="Fluctuations remain in the free membrane potential.",
        measure="standard deviation of the free potential",
        value=left.free_sd,
        low=3.5e-3,
        high=4.8e-3,
        unit="V",
        verdict=READING,
        why=_W,
    )
    yield _rate("8 left", "The membrane potential looks similar to figure 6 left.", left, 18.1, 21.1)
    yield _rate("8 right", "Multiplicative noise and random refractory time.", right, 20.9, 23.9)


def _text(runs: Runs) -> Iterator[Claim]:
    for with_random, without, low, high, why in (
        ("7 left", "6 right", 0.83, 0.95, _SHORTER),
        ("8 right", "8 left", 0.8, 0.93, "As in figure 7 left: the mean is 1.4 ms, not 8."),
    ):
        yield Claim(
            figure=with_random,
            claim=_LENGTHENS,
            measure=f"time per spike, over that of figure {without}",
            value=runs[without].rate / runs[with_random].rate,
            low=low,
            high=high,
            verdict=WRONG,
            why=why,
        )
    yield Claim(
        figure="7 left",
        claim=_LENGTHENS,
        measure="mean refractory time, max(0, 1 + 2 n) ms",
        value=truncated_mean(1e-3, 2e-3),
        low=1.39e-3,
        high=1.41e-3,
        unit="s",
        verdict=WRONG,
        why="E[max(0, mu + sigma n)] = mu P(n < mu/sigma) + sigma phi(mu/sigma).",
    )
    yield Claim(
        figure="7 left",
        claim=_LENGTHENS,
        measure="with 8 + 2 n ms: time per spike over that of figure 6 right",
        value=runs["6 right"].rate / runs["7 left, mean 8 ms"].rate,
        low=0.98,
        high=1.02,
        verdict=WRONG,
        why="The interval follows the mean of the refractory time; its spread hardly matters.",
    )


def _rate(panel: str, claim: str, run: ConductanceRun, low: float, high: float) -> Claim:
    return Claim(
        figure=panel,
        claim=claim,
        measure="rate",
        value=run.rate,
        low=low,
        high=high,
        unit="Hz",
        verdict=READING,
        why=f"{_W} Mean interval {1e3 / run.rate:.1f} ms, coefficient of variation {run.cv:.2f}.",
    )
