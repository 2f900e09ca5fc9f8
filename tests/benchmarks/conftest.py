"""Environments of peers for the benchmarks."""

from __future__ import annotations

import pytest
from peers import EnvironmentNotMadeError, environment


@pytest.fixture(scope="session")
def peer_environment():
    """Python of the environment that a file of requirements describes; skips where it cannot be made."""

    def python_of(requirements):
        try:
            return environment(requirements)
        except EnvironmentNotMadeError as error:
            pytest.skip(f"the environment of {requirements} cannot be made here: {error}")

    return python_of
