"""Kernels run by Python, for tests whose steps are few."""

from __future__ import annotations

from types import ModuleType

import numba
import pytest

from neuromorph.behaviour import generate
from neuromorph.equations.kernels import PREAMBLE


@pytest.fixture
def interpreter(monkeypatch):
    """Kernels as plain Python: compiling each of these little systems would take longer than all of their steps."""

    def load(stem, body):
        module = ModuleType(stem)
        with monkeypatch.context() as patch:
            patch.setattr(numba.config, "DISABLE_JIT", True)
            exec(compile(PREAMBLE + body, stem, "exec"), vars(module))
        return module

    monkeypatch.setattr(generate, "load_kernel", load)
    monkeypatch.setattr(generate, "_kernels", {})
