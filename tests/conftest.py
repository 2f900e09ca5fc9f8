"""What all tests share."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run, so that a failure is the fault of a change; HYPOTHESIS_PROFILE=explore looks for new
# ones. No deadline: the machine may be busy.
settings.register_profile("repeat", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeat"))

# A shell starts its background jobs with Ctrl-C ignored, and what tests start would inherit that.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-netlists",
        action="store_true",
        help="rewrite netlists/, the generated files of models/ and the drawings of docs/images/ instead of comparing them",
    )


class UndisturbedDoctests:
    """Doctests without collection of garbage: what goes then takes its source out of the list that doctest's debugger walks along."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        if not isinstance(item, pytest.DoctestItem):
            return (yield)
        gc.disable()
        try:
            return (yield)
        finally:
            gc.enable()


def pytest_configure(config: pytest.Config) -> None:
    # Hooks of this file would not be asked for what lies elsewhere, such as the doctests of the package.
    config.pluginmanager.register(UndisturbedDoctests())


@pytest.fixture(scope="session")
def real_records() -> Path:
    """Folder of measurements that do not come with the project."""
    folder = os.environ.get("NEUROMORPH_MEASUREMENTS")
    if not folder:
        pytest.skip("the environment variable NEUROMORPH_MEASUREMENTS names no folder of measured records")
    return Path(folder)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture
def compare_or_update(request: pytest.FixtureRequest):
    """A function that compares a committed file with its regenerated text, or rewrites it."""

    def check(path: Path, text: str) -> None:
        if request.config.getoption("--update-netlists"):
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"{path.name} is missing; make it with: pytest --update-netlists"
        assert path.read_text("utf-8") == text, f"{path.name} is out of date; rewrite it with: pytest --update-netlists"

    return check
