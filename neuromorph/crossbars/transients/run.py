"""A transient step by step: the exponential method, its error, and what is kept on the way."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.crossbars.terminations import SIDES
from neuromorph.crossbars.transients.array_circuit import POWERS, ArrayCircuit, Moment, kernels
from neuromorph.crossbars.transients.sources import Sources
from neuromorph.errors import ConvergenceError, SimulationError
from neuromorph.progress import Progress
from neuromorph.quantities import format_quantity

if TYPE_CHECKING:
    from neuromorph.crossbars.crossbar import Crossbar

__all__ = ["Frames", "TransientRun"]

FloatArray = NDArray[np.float64]

# Energies are integrated by the stages of the step: their error counts this much less than that of a state.
_ENERGY_SLACK = 10.0
# Where voltages change, powers bend within a step by more than the stages see. Boole's rule knows; the powers at three quarters,
# which only it needs, are found where those at a quarter are this share of what is allowed beside a parabola.
_WORTH_A_LOOK = 0.1
# Share of the run below which a step is short enough for any energy.
_SHORT_FOR_ENERGY = 1e-7
_BOOLE_LESS_SIMPSON = np.array([7.0, 32.0, 12.0, 32.0, 7.0]) / 90.0 - np.array([1.0, 0.0, 4.0, 0.0, 1.0]) / 6.0
# What a solve of the lines may be off by, in relation to the error that a step may make.
_SOLVE_SHARE = 1e-3
_SAFETY, _LEAST_FACTOR, _LARGEST_FACTOR = 0.9, 0.1, 10.0
# Below this the straight quadrature of a decay is exact to all digits that count.
_GENTLE = 0.1
# Beyond a bound a state means nothing: how far stages may look, to find out when it was reached.
_LARGEST_OVERSHOOT = 0.1
# A state that leaves a place of rest grows exponentially until it bends: over how many time constants the stages still show the bend.
_LARGEST_GROWTH = 1.0
# A step that is shortened to a crossing goes beyond it by this share of what the error allows.
_AIM = 0.5


@dataclass
class Frames:
    """What is kept of a run, frame by frame.

    Parameters
    ----------
    time, states, energies, powers : list
        Times [s], states, cumulative energies [J] and powers [W] in the order of ``POWERS``.
    terminal_voltages, terminal_currents : dict of str to list
        By side: voltages behind the ends [V], currents out of the array into them [A].
    """

    time: list[float] = field(default_factory=list)
    states: list[FloatArray] = field(default_factory=list)
    energies: list[FloatArray] = field(default_factory=list)
    powers: list[FloatArray] = field(default_factory=list)
    terminal_voltages: dict[str, list[FloatArray]] = field(default_factory=lambda: {side: [] for side in SIDES})
    terminal_currents: dict[str, list[FloatArray]] = field(default_factory=lambda: {side: [] for side in SIDES})


@dataclass
class _Point:
    """States at the end of an accepted step, and all that follows from them."""

    t: float
    x: FloatArray
    moment: Moment
    rate: FloatArray
    slope: FloatArray
    currents: dict[str, FloatArray]
    powers: FloatArray


@dataclass
class _Trial:
    """One step, accepted or not.

    `ratio` is its error over what is allowed, `order` the power of the step by which that falls. Where a state passed a
    bound, `crossing` is the length of a step that ends just behind the first crossing [s], and `crosses` its device.
    """

    ratio: float
    point: _Point
    middle: Moment
    gained: FloatArray
    order: float = 4.0
    crossing: float = 0.0
    crosses: int = -1
    beyond: float = 0.0


def _further(first: Moment | None, second: Moment, factor: float) -> Any:
    """Voltages to start a solve from: how they changed between two moments goes on [V]."""
    if first is None or first.found is None or second.found is None:
        return second.found
    return second.found.high + factor * (second.found.high - first.found.high)


class TransientRun:
    """Integrates the states of an array from 0 s on.

    Parameters
    ----------
    crossbar : Crossbar
        With a :class:`DeviceArray`, whose states are the first.
    sources : Sources
        Voltages behind the ends, and the times at which a step has to end.
    save_at : ndarray or None
        Times of the frames [s], all of them corners of `sources`; ``None`` for every step.
    tolerance : float
        Largest error of a state in a step (pure number).
    max_steps : int
        Steps after which the run gives up.
    """

    def __init__(
        self, crossbar: Crossbar, sources: Sources, save_at: FloatArray | None, tolerance: float, max_steps: int
    ) -> None:
        self.sources, self.save_at, self.tolerance, self.max_steps = sources, save_at, tolerance, max_steps
        self.circuit = ArrayCircuit(crossbar, min(1e-8, max(_SOLVE_SHARE * tolerance, 1e-13)))
        self.frames = Frames()
        self.steps = self.rejected = 0
        self.energies = np.zeros(len(POWERS))
        self._exchanged = 0.0
        n = crossbar.devices.states.size
        self._half, self._full = np.empty((2, n)), np.empty((3, n))
        self._x = [np.empty(n) for _ in range(3)]
        self._rates = [np.empty(n) for _ in range(3)]
        self._quarter = (np.empty(n), np.empty(n))
        self._partials = [np.empty((1, n)) for _ in range(4)]
        self._wish = math.inf
        self._reached, self._mirrored = np.empty(n), np.empty(n)
        # Whether the next step is to end at a crossing, how far behind it, and how long steps were before.
        self._is_aimed, self._excess, self._resume = False, 0.0, 0.0
        self._middle: Moment | None = None
        self._last_step = 1.0
        self.point: _Point | None = None
        self._holds = self.circuit.holding_bounds(2.0 * sources.largest)
        # Nearer to a bound that holds, the last digits of a state are too few for its tolerance.
        self._least_share = min(1.0, 1e-14 / tolerance)

    def run(self, progress: Progress) -> None:
        """Go to the last corner.

        Parameters
        ----------
        progress : Progress
            Told the share of the time that is simulated.

        Raises
        ------
        SimulationError
            When no step is short enough, a state is not finite, or there are too many steps.
        """
        corners = self.sources.corners
        t_stop, told = float(corners[-1]), 0.0
        x = self.circuit.devices.states.ravel().copy()
        for piece in range(len(corners) - 1):
            self.sources.enter(piece)
            start, end = float(corners[piece]), float(corners[piece + 1])
            self._begin_piece(start, x)
            assert self.point is not None
            if piece == 0 and (self.save_at is None or self._is_saved(start)):
                self._keep()
            while self.point.t < end:
                self._advance(end)
                if self.save_at is None and self.point.t < end:
                    self._keep()
                share = self.point.t / t_stop
                if share - told >= 0.005:
                    told = share
                    progress(share, f"transient at {format_quantity(self.point.t, 's')}")
            x = self.point.x
            if self.save_at is None or self._is_saved(end):
                self._keep()
        progress(1.0, "transient")

    def _is_saved(self, t: float) -> bool:
        assert self.save_at is not None
        k = int(np.searchsorted(self.save_at, t))
        near = self.save_at[max(k - 1, 0) : k + 1]
        return bool(np.any(np.abs(near - t) <= 16 * np.spacing(t)))

    def _keep(self) -> None:
        assert self.point is not None
        point, frames = self.point, self.frames
        frames.time.append(point.t)
        frames.states.append(point.x.reshape(self.circuit.shape).copy())
        frames.energies.append(self.energies.copy())
        frames.powers.append(point.powers.copy())
        for side in SIDES:
            frames.terminal_voltages[side].append(point.moment.ends[side].copy())
            frames.terminal_currents[side].append(point.currents[side].copy())

    def keep_last(self) -> None:
        """Keep where the run stands, if that is not kept yet: after Ctrl-C or a failure."""
        if self.point is not None and (not self.frames.time or self.point.t > self.frames.time[-1]):
            self._keep()

    def _begin_piece(self, t: float, x: FloatArray) -> None:
        ends = self.sources.at(t)
        self._middle = None
        last = self.point
        if last is not None and all(np.array_equal(ends[side], last.moment.ends[side]) for side in SIDES):
            return
        start = None if last is None else last.moment.found
        try:
            moment = self.circuit.at(x, ends, start)
        except ConvergenceError as error:
            raise SimulationError(
                cause=f"the lines cannot be solved at {format_quantity(t, 's')}: {error}",
                remedy="look at Crossbar.solve with the voltages of that time",
                time_reached=t,
            ) from error
        self.point = self._point(t, x, moment)
        wrong = np.flatnonzero(~np.isfinite(self.point.rate))
        if wrong.size:
            k = int(wrong[0])
            raise SimulationError(
                cause=f"the rate of a state is {self.point.rate[k]} at {moment.v[k]:.4g} V, state {x[k]:.4g}",
                remedy="check the model's state equation and its parameters",
                where=f"device {divmod(k, self.circuit.shape[1])}",
                time_reached=t,
            )
        kernels().hold_with_slopes(x, self.point.rate, self.point.slope)

    def _point(self, t: float, x: FloatArray, moment: Moment) -> _Point:
        rate, slope = np.empty(x.size), np.empty(x.size)
        self.circuit.rates_and_slopes(x, moment, rate, slope)
        currents, powers = self.circuit.terminal_currents(moment)
        return _Point(t, x, moment, rate, slope, currents, powers)

    def _advance(self, end: float) -> None:
        """One step whose error is allowed, from the point on, not beyond a time [s]."""
        assert self.point is not None
        t, rejected, target, before = self.point.t, False, -1, 0.0
        shortest = max(16 * np.spacing(t), 1e-16 * float(self.sources.corners[-1]))
        wish = min(self._wish, self.sources.longest_step)
        is_aimed, self._is_aimed = self._is_aimed, False
        while True:
            left = end - t
            # Two steps alike rather than a long one and a splinter.
            h = left if wish >= 0.999999 * left else wish if is_aimed else min(wish, 0.5 * left)
            h = self._without_overshoot(h)
            cause = ""
            try:
                trial = self._step(t, h, end if h == left else t + h)
                ratio = trial.ratio
            except ConvergenceError as error:
                ratio, cause = math.inf, str(error)
            if ratio <= 1.0:
                break
            rejected = True
            self.rejected += 1
            is_aimed = False
            # Not a number where something overflowed.
            factor = _SAFETY * ratio ** (-1.0 / trial.order) if ratio < math.inf else 0.0
            wish = h * max(_LEAST_FACTOR, factor)
            if not cause and trial.crosses >= 0 and wish < trial.crossing < h:
                # Nothing but the bound asks for a shorter step: the one after it may be as long again.
                is_aimed, target, before = True, trial.crosses, max(before, h)
                wish = trial.crossing
            if wish < shortest:
                raise SimulationError(
                    cause=cause
                    or f"no time step is short enough at {format_quantity(t, 's')}: the states move too fast",
                    remedy="raise tolerance, or give the model's fastest rates values that a device can have",
                    time_reached=t,
                )
        self.steps += 1
        if self.steps > self.max_steps:
            raise SimulationError(
                cause=f"more than {self.max_steps} steps are needed",
                remedy="raise max_steps, raise tolerance, or lower t_stop",
                time_reached=t,
            )
        growth = min(_LARGEST_FACTOR, _SAFETY * max(ratio, 1e-10) ** (-1.0 / trial.order))
        wish = h * (min(growth, 1.0) if rejected else growth)
        # A step that a corner cut short says little about the steps after it.
        self._wish = wish if h < left or rejected else max(wish, self._wish)
        if is_aimed and target >= 0:
            self._wish = before
            x, rate = float(trial.point.x[target]), float(trial.point.rate[target])
            if 0.0 < x < 1.0 and rate != 0.0:
                # It fell short of the bound by a little, and the rate there says how much is left.
                rest = ((1.0 - x) if rate > 0.0 else -x) / rate
                if rest < before:
                    self._wish, self._is_aimed = (1.0 + 1e-9) * rest + self._excess / abs(rate), True
        elif self._resume > 0.0:
            self._wish = max(self._wish, self._resume)
        self._resume = before if self._is_aimed else 0.0
        self.energies += trial.gained
        self._exchanged += abs(float(trial.gained[0]))
        self.circuit.residual = max(self.circuit.residual, trial.point.moment.residual)
        self._middle, self._last_step = trial.middle, h
        self.point = trial.point

    def _without_overshoot(self, h: float) -> float:
        """A step [s] after which no state would be far beyond a bound if its voltage stayed, nor have grown past what the stages tell."""
        assert self.point is not None
        now = self.point
        growth = kernels().fastest_growth(now.rate, now.slope)
        if growth * h > _LARGEST_GROWTH:
            h = _LARGEST_GROWTH / growth
        while not kernels().expected_overshoot(h, now.x, now.rate, now.slope) <= _LARGEST_OVERSHOOT:
            h *= 0.5
        return h

    def _step(self, t: float, h: float, t_next: float) -> _Trial:
        """One step: its error over what is allowed, where it leads, and the energies on the way [J]."""
        assert self.point is not None
        functions, circuit, now = kernels(), self.circuit, self.point
        half, full, (x2, x3, x4), (rate2, rate3, rate4) = self._half, self._full, self._x, self._rates
        x, rate, slope = now.x, now.rate, now.slope
        functions.find_weights(h, slope, half, full)
        middle, end = self.sources.at(t + 0.5 * h), self.sources.at(t_next)

        functions.second_stage(h, x, rate, half, x2)
        moment2 = circuit.at(x2, middle, _further(self._middle, now.moment, h / self._last_step))
        self._rates_within(x2, moment2, rate2)
        functions.third_stage(h, x, rate, slope, half, x2, rate2, x3)
        moment3 = circuit.at(x3, middle, moment2.found)
        self._rates_within(x3, moment3, rate3)
        functions.fourth_stage(h, x, rate, slope, full, x3, rate3, x4)
        moment4 = circuit.at(x4, end, _further(now.moment, moment3, 1.0))
        self._rates_within(x4, moment4, rate4)
        reached, x5, mirrored = self._reached, np.empty(x.size), self._mirrored
        functions.end_of_step(h, x, rate, slope, full, x2, rate2, x3, rate3, x4, rate4, reached)
        if not np.isfinite(reached).all():
            return _Trial(math.inf, now, moment3, self.energies)
        beyond = functions.take_back(reached, x5, mirrored, self._holds)
        point = self._point(t_next, x5, circuit.at(x5, end, moment4.found))
        functions.hold(x, point.rate)
        bounds = (reached, self._holds, self._least_share)
        error = functions.largest_error(h, slope, full, x4, rate4, x5, point.rate, *bounds)

        if self.sources.varies:
            xq, rateq = self._quarter
            functions.part_of_step(0.25, h, x, rate, slope, x3, rate3, x5, point.rate, xq)
            quarter = circuit.at(xq, self.sources.at(t + 0.25 * h), moment2.found)
            self._rates_within(xq, quarter, rateq)
            args = (h, x, rate, slope, full, x3, rate3, x5, point.rate, xq, rateq, *bounds)
            error = max(error, functions.error_in_time(*args))

        powers = [circuit.terminal_currents(moment)[1] for moment in (moment2, moment3, moment4)]
        gained = h / 6.0 * (now.powers + 2.0 * (powers[0] + powers[1]) + powers[2])
        off = h / 6.0 * float(np.abs(point.powers - powers[2])[:2].max())
        if float(np.abs(slope).max()) * h > _GENTLE:
            off += self._missed_by_quadrature(h, x, now)
        exchanged = self._exchanged + h * max(abs(float(now.powers[0])), abs(float(point.powers[0])))
        if self.sources.varies:
            at_quarter = circuit.terminal_currents(quarter)[1]
            parabola = 0.375 * now.powers + 0.75 * powers[1] - 0.125 * point.powers
            if h * float(np.abs(at_quarter - parabola)[:2].max()) > _WORTH_A_LOOK * self._energy_allowed(exchanged):
                functions.part_of_step(0.75, h, x, rate, slope, x3, rate3, x5, point.rate, xq)
                late = circuit.at(xq, self.sources.at(t + 0.75 * h), moment4.found)
                five = [now.powers, at_quarter, powers[1], circuit.terminal_currents(late)[1], point.powers]
                bend = h * (_BOOLE_LESS_SIMPSON @ np.array(five))
                gained = gained + bend
                off += float(np.abs(bend)[:2].max())
        if h <= _SHORT_FOR_ENERGY * float(self.sources.corners[-1]):
            # Where a current begins, all that was exchanged comes from this step, however short.
            off = 0.0
        ratio = self._over_allowed(error, off, exchanged)
        trial = _Trial(ratio, point, moment3, gained)
        if beyond > 0.0:
            self._judge_crossings(trial, h, beyond, exchanged)
        functions.hold_with_slopes(x5, point.rate, point.slope)
        return trial

    def _over_allowed(self, error: float, off: float, exchanged: float) -> float:
        """Errors of the states and of the energies [J] over what they may be."""
        ratio = error / self.tolerance
        if exchanged > 0.0:
            ratio = max(ratio, off / self._energy_allowed(exchanged))
        return ratio if ratio == ratio else math.inf

    def _energy_allowed(self, exchanged: float) -> float:
        """What the energies of a step may be off by, of what is exchanged until its end [J]."""
        return _ENERGY_SLACK * self.tolerance * exchanged

    def _judge_crossings(self, trial: _Trial, h: float, beyond: float, exchanged: float) -> None:
        """Add what the step makes wrong because currents bend where states reach a bound.

        The stages do not know when that was. Currents of states that lack what others have too much show the bend.
        """
        assert self.point is not None
        functions, circuit, now, point = kernels(), self.circuit, self.point, trial.point
        if beyond > 2.0 * _LARGEST_OVERSHOOT:
            error, off = math.inf, math.inf
            ratio = (beyond / _LARGEST_OVERSHOOT) ** 2
        else:
            moment = circuit.at(self._mirrored, point.moment.ends, point.moment.found)
            mirrored_rate = self._quarter[1]
            self._rates_within(self._mirrored, moment, mirrored_rate)
            error = functions.error_of_crossings(h, self._full, self._reached, point.rate, mirrored_rate)
            off = h / 6.0 * float(np.abs(point.powers - circuit.terminal_currents(moment)[1])[:2].max())
            ratio = self._over_allowed(error, off, exchanged)
        if ratio > 1.0:
            first, speed, which = functions.first_crossing(
                h, now.x, now.rate, now.slope, self._reached, self._x[2], self._rates[2], self._holds
            )
            if which >= 0 and speed > 0.0:
                self._excess = _AIM * beyond / ratio
                trial.crossing, trial.crosses = first + self._excess / speed, int(which)
        if ratio >= trial.ratio:
            trial.ratio, trial.order = ratio, 2.0

    def _rates_within(self, x: FloatArray, moment: Moment, out: FloatArray) -> None:
        """Fill in the rates of a stage [1/s]; what is held at a bound when the step starts stays there."""
        assert self.point is not None
        now = self.point
        self.circuit.rates(x, moment, out)
        kernels().go_on_to_bounds(now.x, now.rate, now.slope, x, out, self._holds)
        kernels().hold(now.x, out)

    def _missed_by_quadrature(self, h: float, x: FloatArray, now: _Point) -> float:
        """Energy that three values of a decay do not show, though the states themselves are exact [J]."""
        circuit, partials = self.circuit, self._partials
        circuit.functions.fill_partials(now.moment.v[None], x, circuit.constants, circuit.stuck, *partials)
        return float(kernels().missed_energy(h, now.moment.v, partials[1][0], now.rate, self._half, self._full))
