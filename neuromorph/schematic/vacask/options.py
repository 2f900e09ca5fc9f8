"""How VACASK is to run: tolerances, method, longest step."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from neuromorph.schematic.options import NgspiceOptions

# A further refinement divides the relative tolerance by this.
_TIGHTER = 10.0
# Of a method of order 4 small tolerances cost hardly more steps; so few that between them a power is no straight line.
_DEFAULT_RELTOL = 1e-7
_SHARE_OF_OWN = 0.1


@dataclass(frozen=True, kw_only=True)
class VacaskOptions:
    """Settings of a VACASK transient run.

    Parameters
    ----------
    method : {"gear", "trap"}
        Integration method. Gear's formulas have order 4, which takes the fewest steps; the trapezoidal rule has order 2.
    reltol : float, optional
        Relative tolerance of the time-step control and of Newton's method (pure number). Where it is left out, a
        tenth of the circuit's own (:class:`neuromorph.Resolution`), and 1e-7 at most.
    abstol, vntol : float
        Absolute tolerances of currents [A] and voltages [V]. Where a switch acts in very short steps, currents are
        judged no finer than rounding allows.
    t_max : float, optional
        Longest time step [s]. The tolerance is kept without it.
    use_initial_conditions : bool
        Start from the ``.ic`` voltages without an operating point (``uic``).
    refinement : int
        1 as set; every further power of two divides `reltol` by ten and lets switches act in half the time.
    """

    method: Literal["gear", "trap"] = "gear"
    reltol: float | None = None
    abstol: float = 1e-12
    vntol: float = 1e-9
    t_max: float | None = None
    use_initial_conditions: bool = False
    refinement: int = 1

    def __post_init__(self) -> None:
        if self.method not in ("gear", "trap"):
            raise ValueError(f"method is 'gear' or 'trap', got {self.method!r}")
        for name in ("reltol", "abstol", "vntol", "t_max"):
            value = getattr(self, name)
            if value is None and name in ("reltol", "t_max"):
                continue
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (is_number and math.isfinite(value) and value > 0):
                raise ValueError(f"{name} must be a positive number, got {value!r}")
        if self.reltol is not None and self.reltol >= 1:
            raise ValueError(f"reltol must be below 1, got {self.reltol!r}")
        if isinstance(self.refinement, bool) or self.refinement not in {2**power for power in range(31)}:
            raise ValueError(f"refinement must be a power of two from 1 on, got {self.refinement!r}")

    @classmethod
    def of(cls, options: VacaskOptions | NgspiceOptions | None) -> VacaskOptions:
        """The settings that mean the same here.

        Parameters
        ----------
        options : VacaskOptions or NgspiceOptions, optional
            As given to a run. Of :class:`neuromorph.NgspiceOptions` the method, the tolerances but `chgtol` (that of voltages where it is stricter), the longest step
            [s] and the refinement are taken.

        Returns
        -------
        VacaskOptions
            The defaults where nothing is given.

        Raises
        ------
        ValueError
            When a setting has no counterpart.
        """
        if options is None:
            return cls()
        if isinstance(options, VacaskOptions):
            return options
        if not isinstance(options, NgspiceOptions):
            raise ValueError(f"options must be VacaskOptions, got {options!r}")
        if options.extra:
            raise ValueError(
                f"VACASK has no counterpart of ngspice's options {', '.join(options.extra)}: leave them out, or use ngspice"
            )
        if options.linear_solver == "sparse":
            raise ValueError("VACASK solves with KLU only: leave linear_solver out, or use ngspice")
        if options.devices == "sources":
            raise ValueError("VACASK compiles every device: leave devices='sources' out, or use ngspice")
        return cls(
            method=options.method,
            reltol=options.reltol,
            abstol=options.abstol,
            # ngspice's own default is looser, and no wish.
            vntol=min(options.vntol, cls.vntol),
            t_max=options.t_max,
            use_initial_conditions=options.use_initial_conditions,
            refinement=options.refinement,
        )

    def refined(self) -> VacaskOptions:
        """The same settings with a tenth of `reltol` [pure number] and switches that act in half the time."""
        return replace(self, refinement=2 * self.refinement)

    def relative_tolerance(self, own: float | None) -> float:
        """Relative tolerance (pure number) of a run of a circuit that asks for `own`."""
        reltol = self.reltol or min(_SHARE_OF_OWN * (own or 1.0), _DEFAULT_RELTOL)
        return reltol / _TIGHTER ** round(math.log2(self.refinement))
