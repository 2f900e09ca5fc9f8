"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-netlists",
        action="store_true",
        help="rewrite netlists/ and the generated files of models/ instead of comparing them",
    )


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
