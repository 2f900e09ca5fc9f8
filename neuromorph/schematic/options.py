"""How ngspice is to run: tolerances, time step, method, solver."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from neuromorph.schematic.names import checked_identifier, checked_value, refuse_misread_numbers

# For circuits that do not say better: longest time step as a share of the run, relative tolerance, and a tenth of
# ngspice's own charge tolerance [C].
_DEFAULT_STEPS_PER_RUN = 2000
_DEFAULT_RELTOL = 1e-6
# About an hour of ngspice for a small circuit.
_MOST_STEPS = 1e9
_DEFAULT_CHGTOL = 1e-15


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """What resolves a circuit, as the circuit itself says; the options of a run come before it.

    Parameters
    ----------
    t_max : float, optional
        Longest time step [s].
    reltol : float, optional
        Relative tolerance (pure number).
    chgtol : float, optional
        Charge below which the error control is absolute [C]: a tenth of the charges that matter.
    """

    t_max: float | None = None
    reltol: float | None = None
    chgtol: float | None = None

    def longest_step(self, t_stop: float) -> float:
        """Longest time step [s] of a run of the length `t_stop` [s]."""
        return min(self.t_max or t_stop / _DEFAULT_STEPS_PER_RUN, t_stop)


@dataclass(frozen=True)
class Transient:
    """A transient analysis from time zero.

    Parameters
    ----------
    t_stop : float
        Length of the run [s].
    t_max : float
        Longest time step [s].
    """

    t_stop: float
    t_max: float

    def __post_init__(self) -> None:
        for name, value in (("t_stop", self.t_stop), ("t_max", self.t_max)):
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} must be a positive time in s, got {value!r}")
        if self.t_stop < self.t_max:
            raise ValueError(
                f"t_stop ({self.t_stop:g} s) is shorter than one time step ({self.t_max:g} s): lengthen it or shorten t_max"
            )


@dataclass(frozen=True, kw_only=True)
class NgspiceOptions:
    """Settings of an ngspice transient run.

    Parameters
    ----------
    method : {"gear", "trap"}
        Integration method. Gear does not ring after a switch has closed.
    reltol : float, optional
        Relative tolerance of the time-step control and of Newton's method (pure number).
    abstol, vntol : float
        Absolute tolerances of currents [A] and voltages [V].
    chgtol : float, optional
        Charge [C] below which the error control is absolute. Far above the charges of the circuit it switches
        the error control off; far below them it stops a run where a current jumps while a charge is near zero.
    t_max : float, optional
        Longest time step [s].
    linear_solver : {"auto", "sparse", "klu"}
        KLU only where the found ngspice has it; ``"auto"`` uses it for large decks.
    devices : {"auto", "sources", "compiled"}
        Devices whose Verilog-A the deck carries: compiled where the found ngspice loads that (OSDI) and a compiler is
        here, else as B sources.
    use_initial_conditions : bool
        Start from the ``.ic`` voltages without an operating point (``uic``).
    extra : mapping of str to float or str
        Other ``.options`` by name, in the unit of each.
    refinement : int
        1 as set; every further power of two halves the time step and divides `reltol` by ten.

    Notes
    -----
    `reltol`, `chgtol` and `t_max` are the circuit's own (:class:`Resolution`) where they are left out.
    """

    method: Literal["gear", "trap"] = "gear"
    reltol: float | None = None
    abstol: float = 1e-12
    vntol: float = 1e-7
    chgtol: float | None = None
    t_max: float | None = None
    linear_solver: Literal["auto", "sparse", "klu"] = "auto"
    devices: Literal["auto", "sources", "compiled"] = "auto"
    use_initial_conditions: bool = False
    extra: Mapping[str, float | str | bool] = field(default_factory=dict)
    refinement: int = 1

    def __post_init__(self) -> None:
        if self.method not in ("gear", "trap"):
            raise ValueError(f"method is 'gear' or 'trap', got {self.method!r}")
        if self.linear_solver not in ("auto", "sparse", "klu"):
            raise ValueError(f"linear_solver is 'auto', 'sparse' or 'klu', got {self.linear_solver!r}")
        if self.devices not in ("auto", "sources", "compiled"):
            raise ValueError(f"devices is 'auto', 'sources' or 'compiled', got {self.devices!r}")
        for name in ("reltol", "abstol", "vntol", "chgtol", "t_max"):
            value = getattr(self, name)
            if value is None and name in ("reltol", "t_max", "chgtol"):
                continue
            if (
                isinstance(value, bool)
                or not isinstance(value, int | float)
                or not (math.isfinite(value) and value > 0)
            ):
                raise ValueError(f"{name} must be a positive number, got {value!r}")
        if isinstance(self.refinement, bool) or self.refinement not in {2**power for power in range(31)}:
            raise ValueError(f"refinement must be a power of two from 1 on, got {self.refinement!r}")
        for name, value in self.extra.items():
            _checked_option(name, value)

    def refined(self) -> NgspiceOptions:
        """The same settings with half the time step and a tenth of `reltol` [pure number]."""
        return replace(self, refinement=2 * self.refinement)

    def line(self, resolution: Resolution, use_klu: bool) -> str:
        """The ``.options`` line.

        Parameters
        ----------
        resolution : Resolution
            What the circuit asks for.
        use_klu : bool
            Whether to ask for the KLU solver.

        Returns
        -------
        str
            One line; tolerances in SI units.
        """
        reltol = self.reltol or resolution.reltol or _DEFAULT_RELTOL
        tolerances = {
            "reltol": reltol * 10.0 ** -round(math.log2(self.refinement)),
            "abstol": self.abstol,
            "vntol": self.vntol,
            "chgtol": self.chgtol or resolution.chgtol or _DEFAULT_CHGTOL,
        }
        words = [f"method={self.method}", *(f"{name}={value:.12g}" for name, value in tolerances.items())]
        words += [_checked_option(name, value) for name, value in self.extra.items()]
        return ".options " + " ".join(words + ["klu"] * use_klu)

    def transient(self, resolution: Resolution, t_stop: float) -> Transient:
        """The analysis.

        Parameters
        ----------
        resolution : Resolution
            What the circuit asks for.
        t_stop : float
            Length of the run [s].

        Returns
        -------
        Transient
            With a time step that a short run shortens, unless these settings name it.

        Raises
        ------
        ValueError
            When the run is shorter than the time step that these settings name, or far too long for it.
        """
        run = Transient(t_stop, (self.t_max or resolution.longest_step(t_stop)) / self.refinement)
        if run.t_stop / run.t_max > _MOST_STEPS:
            raise ValueError(
                f"{run.t_stop / run.t_max:.2g} steps of at most {run.t_max:g} s in {run.t_stop:g} s would take ngspice hours: give a "
                "longer t_max or a shorter t_stop"
            )
        return run


# What ngspice 39 and 44 know and this package has no field for.
_OPTIONS = frozenset(
    "absdv autostop badmos3 bypass convabsstep convlimit convstep cshunt defad defas defl defm defw epsmin gmin "
    "gminfactor gminsteps gshunt indverbosity interp itl1 itl2 itl3 itl4 itl5 itl6 keepopinfo lvltim maxevtiter "
    "maxopalter maxord maxwarns minbreak newtrunc noopac noopalter noopiter nodedamping numdgt oldlimit pivrel "
    "pivtol ramptime reldv rseries rshunt savecurrents scale seed seedinfo srcsteps temp tnom trtol trytocompact "
    "warn xmu xtrtol".split()
)
_OWN = {"method": "method", "reltol": "reltol", "abstol": "abstol", "vntol": "vntol", "chgtol": "chgtol"}
_OWN |= {"klu": "linear_solver", "sparse": "linear_solver"}


def _checked_option(name: str, value: object) -> str:
    key = checked_identifier(name, "option").lower()
    if key in _OWN:
        raise ValueError(f"option {name!r} has a field of its own: NgspiceOptions({_OWN[key]}=...)")
    if key not in _OPTIONS:
        near = difflib.get_close_matches(key, _OPTIONS, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ValueError(
            f"ngspice has no option {name!r} and would ignore it; {hint}choices: {', '.join(sorted(_OPTIONS))}"
        )
    if value is True:
        return name
    text = checked_value(value, f"option {name!r}")
    refuse_misread_numbers(text, f"option {name!r}")
    if value is False or text.lower() in ("nan", "inf", "-inf"):
        raise ValueError(f"option {name!r} must have a finite number, or True where it takes no value; got {value!r}")
    return f"{name}={text}"
