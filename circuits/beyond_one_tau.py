"""Is one time constant enough? Models beyond it, ranked by what they foretell of a frequency that was left out.

Each model is an ordinary :class:`neuromorph.MemristorModel` of a user. Run it on synthetic records, of one device that has one
time constant and of one that has not: ``python circuits/beyond_one_tau.py``; or on your own records of several frequencies:
``python circuits/beyond_one_tau.py FOLDER``. ``--prior-widths none,3,10,30,100`` shows instead how the forecasts of MMS and GMMS
depend on what is taken to be known of `tau` beforehand.
"""

import argparse
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sympy

import neuromorph as nm

# Boltzmann's constant over the elementary charge [V/K].
VOLTS_PER_KELVIN = 1.380649e-23 / 1.602176634e-19

# A power of a state that has run out is zero; its logarithm, in the derivatives, stays finite.
LEAST_SHARE = 1e-12


@dataclass(frozen=True, kw_only=True)
class SpreadRates(nm.MMS):
    """Switches whose rates differ: a switched share decays as ``dx/dt ~ -x^m``.

    Exact where the rates have a gamma distribution, ``m = 1 + 1/shape``, and the voltage stays: then
    ``x = E[exp(-k t)] = (1 + t/t_0)^-shape``. Under a voltage that changes it is an approximation, since the share alone does not
    tell which of the switches have switched: see ``circuits/switch_populations.py``.

    Parameters
    ----------
    m : float
        One plus the inverse shape of the distribution; 1 is one time constant (pure number).
    """

    m: float = nm.parameter(
        1.0, unit="", low=1.0, high=8.0, doc="one plus the inverse shape of the rates' distribution"
    )

    def state_equation(self, v: Any, x: Any) -> Any:
        """State rate [1/s]."""
        turned_on, turned_off = (sympy.Max(share, LEAST_SHARE) ** self.m for share in (1 - x, x))
        v_t = VOLTS_PER_KELVIN * self.temperature
        return (
            turned_on * nm.logistic((v - self.v_on) / v_t) - turned_off * nm.logistic(-(v + self.v_off) / v_t)
        ) / self.tau


@dataclass(frozen=True, kw_only=True)
class OwnSlopes(nm.MMS):
    """Logistic functions with slopes of their own, ``n_on v_t`` and ``n_off v_t`` in place of ``v_t``.

    Parameters
    ----------
    n_on, n_off : float
        Factors of the thermal voltage (pure numbers).
    """

    n_on: float = nm.parameter(1.0, unit="", low=0.1, high=10.0, doc="slope of turning on over the thermal voltage")
    n_off: float = nm.parameter(1.0, unit="", low=0.1, high=10.0, doc="slope of turning off over the thermal voltage")

    def state_equation(self, v: Any, x: Any) -> Any:
        """State rate [1/s]."""
        v_t = VOLTS_PER_KELVIN * self.temperature
        turned_on = (1 - x) * nm.logistic((v - self.v_on) / (self.n_on * v_t))
        turned_off = x * nm.logistic(-(v + self.v_off) / (self.n_off * v_t))
        return (turned_on - turned_off) / self.tau


@dataclass(frozen=True, kw_only=True)
class TauOfVoltage(nm.MMS):
    """A time constant that falls with the voltage, ``tau exp(-k_v |v|)``; rounded within 10 mV of zero.

    Parameters
    ----------
    k_v : float
        By how much its logarithm falls [1/V]; 0 is one time constant.
    """

    k_v: float = nm.parameter(0.0, unit="1/V", low=-30.0, high=30.0, doc="fall of the time constant's logarithm")

    def state_equation(self, v: Any, x: Any) -> Any:
        """State rate [1/s]."""
        return super().state_equation(v, x) * sympy.exp(self.k_v * sympy.sqrt(v**2 + 1e-4))


@dataclass(frozen=True, kw_only=True)
class TauOfState(nm.MMS):
    """A time constant that depends on the state, ``tau exp(-k_x x)``.

    Parameters
    ----------
    k_x : float
        By how much its logarithm falls from off to on (pure number); 0 is one time constant.
    """

    k_x: float = nm.parameter(0.0, unit="", low=-10.0, high=10.0, doc="fall of the time constant's logarithm")

    def state_equation(self, v: Any, x: Any) -> Any:
        """State rate [1/s]."""
        return super().state_equation(v, x) * sympy.exp(self.k_x * x)


@dataclass(frozen=True, kw_only=True)
class ThresholdOfState(nm.MMS):
    """Thresholds that move with the state: ``v_on + d_on x`` and ``v_off + d_off (1 - x)``.

    That thresholds are functions of the state is the finding of V. Ostrovskii, P. Fedoseev, Y. Bobrova and D. Butusov,
    "Structural and Parametric Identification of Knowm Memristors", Nanomaterials 12 (2022) 63; the straight line is not theirs, it is
    the simplest such function.

    Parameters
    ----------
    d_on, d_off : float
        By how much a threshold rises until all switches have switched [V].
    """

    d_on: float = nm.parameter(0.0, unit="V", low=-0.5, high=0.5, doc="rise of v_on from off to on")
    d_off: float = nm.parameter(0.0, unit="V", low=-0.5, high=0.5, doc="rise of v_off from on to off")

    def state_equation(self, v: Any, x: Any) -> Any:
        """State rate [1/s]."""
        v_t = VOLTS_PER_KELVIN * self.temperature
        turned_on = (1 - x) * nm.logistic((v - self.v_on - self.d_on * x) / v_t)
        turned_off = x * nm.logistic(-(v + self.v_off + self.d_off * (1 - x)) / v_t)
        return (turned_on - turned_off) / self.tau


@dataclass(frozen=True, kw_only=True)
class SpreadRatesGMMS(SpreadRates, nm.GMMS):
    """Spread rates beside a Schottky barrier."""


@dataclass(frozen=True, kw_only=True)
class OwnSlopesGMMS(OwnSlopes, nm.GMMS):
    """Own slopes beside a Schottky barrier."""


@dataclass(frozen=True, kw_only=True)
class TauOfVoltageGMMS(TauOfVoltage, nm.GMMS):
    """A time constant that falls with the voltage, beside a Schottky barrier."""


@dataclass(frozen=True, kw_only=True)
class TauOfStateGMMS(TauOfState, nm.GMMS):
    """A time constant that depends on the state, beside a Schottky barrier."""


@dataclass(frozen=True, kw_only=True)
class ThresholdOfStateGMMS(ThresholdOfState, nm.GMMS):
    """Thresholds that move with the state, beside a Schottky barrier."""


MODELS: dict[str, type[nm.MemristorModel]] = {
    "mms": nm.MMS,
    "mms+m": SpreadRates,
    "mms+n": OwnSlopes,
    "mms+v": TauOfVoltage,
    "mms+x": TauOfState,
    "mms+t": ThresholdOfState,
    "gmms": nm.GMMS,
    "gmms+m": SpreadRatesGMMS,
    "gmms+n": OwnSlopesGMMS,
    "gmms+v": TauOfVoltageGMMS,
    "gmms+x": TauOfStateGMMS,
    "gmms+t": ThresholdOfStateGMMS,
    "vteam": nm.VTEAM,
    "yakopcic": nm.Yakopcic,
}
"""Models by the names of the table."""

Sets = dict[str, list[nm.Measurement]]


def synthetic() -> Sets:
    """Records at three frequencies of a device with one time constant, and of one with spread rates."""
    common = {"r_on": 1.8e3, "r_off": 85e3, "v_on": 0.38, "v_off": 0.17}
    devices = {
        "one tau": nm.MMS(**common, tau=8e-5),
        "spread rates": SpreadRates(**common, tau=1.5e-5, m=2.0),
    }
    return {
        name: [
            nm.synthetic_measurement(device, 0.8, frequency, 5e3, noise=0.003, seed=k)
            for k, frequency in enumerate((1.0, 10.0, 1e3))
        ]
        for name, device in devices.items()
    }


def measured(folder: Path) -> Sets:
    """Records of a folder: of each device those behind the smallest resistor, and all where there are several.

    Only records of the largest amplitude count, and only sets of three frequencies at least: of two, one would be left to fit.
    """
    files = [path for path in sorted(folder.glob("*.csv")) if not path.stem.endswith("_drive")]
    records = [nm.load_measurement(path) for path in files]
    largest = max((record.metadata.get("amplitude", 0.0) for record in records), default=0.0)
    records = [record for record in records if record.metadata.get("amplitude", 0.0) > 0.9 * largest]
    sets: Sets = {}
    for device in sorted({str(record.metadata.get("device", "device")) for record in records}):
        own = [record for record in records if str(record.metadata.get("device", "device")) == device]
        resistors = sorted({record.series_resistor or 0.0 for record in own})
        sets[f"{device}, {nm.format_quantity(resistors[0], 'ohm')}"] = [
            record for record in own if record.series_resistor == resistors[0]
        ]
        if len(resistors) > 1:
            sets[f"{device}, all"] = own
    sets = {name: rows for name, rows in sets.items() if len({record.frequency for record in rows}) >= 3}
    if not sets:
        raise SystemExit(f"{folder} has no device with records at three frequencies")
    return sets


def errors(
    records: Sequence[nm.Measurement], model: type[nm.MemristorModel], prior: Any = "published", starts: int = 6
) -> tuple[float, float]:
    """Mean NRMSE of the records: fitted to all, and each frequency foretold by the others (pure numbers)."""
    with warnings.catch_warnings():
        # Idle parameters of the richer models end at their bounds.
        warnings.simplefilter("ignore", nm.BoundWarning)
        fit = nm.fit_memristor(records, model, prior=prior, starts=starts)
        return float(fit.nrmse.mean()), fit.leave_one_out("frequency").mean


def print_table(sets: Sets, names: Sequence[str]) -> None:
    """Fitted / foretold of each model on each set."""
    print("mean NRMSE fitted / foretold\n")
    print(" | ".join([f"{'':9}", *(f"{name:^15}" for name in sets)]))
    for name in names:
        cells = (errors(records, MODELS[name]) for records in sets.values())
        print(" | ".join([f"{name:9}", *(f"{a:.4f} / {b:.4f}" for a, b in cells)]), flush=True)


def prior_of(model: str, width: str) -> dict[str, tuple[float, float]] | None:
    """Prior of `tau` within a factor, or none; that of the barrier stays as published."""
    barrier = {} if model == "mms" else {"beta_f": (4.0, 8.0), "beta_r": (4.0, 8.0)}
    if width == "nothing":
        return None
    return barrier if width == "none" else {"tau": (1e-4, float(width)), **barrier}


def print_widths(sets: Sets, widths: Sequence[str]) -> None:
    """Fitted / foretold of MMS and GMMS for each width of the prior of `tau`."""
    print("mean NRMSE fitted / foretold; prior of tau: 0.1 ms within a factor; of the barrier: as published\n")
    print(" | ".join([f"{'':4} {'factor':>7}", *(f"{name:^15}" for name in sets)]))
    for model in ("mms", "gmms"):
        for width in widths:
            cells = (errors(records, MODELS[model], prior_of(model, width)) for records in sets.values())
            print(" | ".join([f"{model:4} {width:>7}", *(f"{a:.4f} / {b:.4f}" for a, b in cells)]), flush=True)


def main(arguments: Sequence[str]) -> None:
    """The table of models, or that of priors."""
    parser = argparse.ArgumentParser(description="Models beyond one time constant, ranked by what they foretell.")
    parser.add_argument("folder", nargs="?", type=Path, help="of measured records; synthetic ones when not given")
    parser.add_argument("--models", default=",".join(MODELS), help="which, by the names of the table")
    parser.add_argument("--prior-widths", help="such as none,3,10,30,100; 'nothing' also drops the barrier's prior")
    chosen = parser.parse_args(arguments)
    names = chosen.models.split(",")
    unknown = [name for name in names if name not in MODELS]
    if unknown:
        parser.error(f"no model {unknown[0]!r}; choices: {', '.join(MODELS)}")
    sets = synthetic() if chosen.folder is None else measured(chosen.folder)
    if chosen.prior_widths:
        print_widths(sets, chosen.prior_widths.split(","))
    else:
        print_table(sets, names)


if __name__ == "__main__":
    main(sys.argv[1:])
