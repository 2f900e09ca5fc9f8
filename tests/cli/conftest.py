"""What the tests of commands share."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from neuromorph.cli.app import app


@pytest.fixture
def run():
    """A function that runs the command with arguments and returns status and output."""
    runner = CliRunner()

    def invoke(*arguments):
        return runner.invoke(app, [str(a) for a in arguments])

    return invoke
