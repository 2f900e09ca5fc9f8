"""What is installed here and what it can do."""

from __future__ import annotations

import platform
from typing import Any

from neuromorph.errors import EngineNotFoundError


def findings() -> dict[str, Any]:
    """Versions, engines and their capabilities, ready for JSON.

    Returns
    -------
    dict
        ``neuromorph``, ``python``, ``cache`` and ``engines``, by engine what was found.
    """
    import neuromorph
    from neuromorph.equations import cache_folder
    from neuromorph.spice import Ngspice, NgspiceShared

    return {
        "neuromorph": neuromorph.__version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cache": str(cache_folder()),
        "engines": {
            "rk4": {"found": True, "version": neuromorph.__version__},
            "ngspice": _found(Ngspice()),
            "ngspice-shared": _found(NgspiceShared()),
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
