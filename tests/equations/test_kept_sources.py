"""Sources that are kept by what they state: written once, and anew where anything that they depend on has changed."""

from __future__ import annotations

import sympy

from neuromorph.equations import kernels
from neuromorph.equations.kernels import cache_folder, kept_source

X = sympy.Symbol("x", real=True)


def source_and_times_made(statement):
    made = []
    source = kept_source(statement, lambda: made.append(1) or f"text of {statement}")
    return source, len(made)


def test_a_source_is_written_once_for_one_statement(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROMORPH_CACHE", str(tmp_path))
    statement = ("rk4", ("x", X**2 + sympy.Float(0.1)), True)
    source, made = source_and_times_made(statement)
    assert (source, made) == (f"text of {statement}", 1)
    assert source_and_times_made(statement) == (source, 0)
    # A number in its last digit, an assumption on a symbol, a name: each is another statement.
    others = [
        ("rk4", ("x", X**2 + sympy.Float(0.10000000000000002)), True),
        ("rk4", ("x", sympy.Symbol("x", positive=True) ** 2 + sympy.Float(0.1)), True),
        ("rk4", ("y", X**2 + sympy.Float(0.1)), True),
        ("rk4", ("x", X**2 + sympy.Float(0.1)), False),
    ]
    assert [source_and_times_made(other)[1] for other in others] == [1] * 4


def test_other_code_writes_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROMORPH_CACHE", str(tmp_path))
    assert source_and_times_made((X,))[1] == 1
    monkeypatch.setattr(kernels, "_generators", lambda: "other code")
    assert source_and_times_made((X,))[1] == 1


def test_a_damaged_source_is_written_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROMORPH_CACHE", str(tmp_path))
    source, _ = source_and_times_made((X,))
    (file,) = (cache_folder() / "sources").iterdir()
    for damage in (b"", b"no digest", file.read_bytes()[:-1], b"\xff\xfe" + file.read_bytes()):
        file.write_bytes(damage)
        assert source_and_times_made((X,)) == (source, 1)


def test_what_does_not_say_what_it_is_is_never_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROMORPH_CACHE", str(tmp_path))
    assert [source_and_times_made((object(),))[1] for _ in range(2)] == [1, 1]
    assert not (cache_folder() / "sources").exists()
