"""What is installed here and what it can do."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

from neuromorph.errors import EngineNotFoundError

if TYPE_CHECKING:
    from neuromorph.spice import Vacask


def findings() -> dict[str, Any]:
    """Versions, engines and their capabilities, ready for JSON.

    Returns
    -------
    dict
        ``neuromorph``, ``python``, ``cache`` and ``engines``, by engine what was found.
    """
    import neuromorph
    from neuromorph.equations import cache_folder
    from neuromorph.spice import Ngspice, NgspiceShared, Vacask

    return {
        "neuromorph": neuromorph.__version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cache": str(cache_folder()),
        "engines": {
            "rk4": {"found": True, "version": neuromorph.__version__},
            "ngspice": _found(Ngspice()),
            "ngspice-shared": _found(NgspiceShared()),
            "vacask": _found_vacask(Vacask()),
        },
    }


def _found(engine: Any) -> dict[str, Any]:
    try:
        program = engine.executable()
        capabilities = engine.capabilities()
    except EngineNotFoundError as error:
        return {"found": False, "why": str(error)}
    return {
        "found": True,
        "program": str(program),
        "version": capabilities.version,
        "klu": capabilities.klu,
        "osdi": capabilities.osdi,
    }


def _found_vacask(engine: Vacask) -> dict[str, Any]:
    try:
        installation = engine.installation()
    except EngineNotFoundError as error:
        return {"found": False, "why": str(error)}
    return {
        "found": True,
        "program": str(installation.program),
        "version": installation.version,
        "compiler": str(installation.compiler),
    }
