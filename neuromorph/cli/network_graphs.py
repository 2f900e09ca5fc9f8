"""From what a user types to a network: a file, a script with design(), or a builder by name such as ``chain:4``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuromorph.cli.designs import UsageError, requested

if TYPE_CHECKING:
    import networkx

    from neuromorph.networks import Network

NIR_ENDINGS = (".nir", ".h5", ".hdf5")
# As many neurons as a wrong digit would ask for, and no machine holds all synapses of.
_MOST_SYNAPSES = 20_000_000


def network_of(text: str, settings: list[str], record: str | None = None, fidelity: Any = None) -> Network:
    """The network that a command line asks for, composed.

    Parameters
    ----------
    text : str
        Path of a file or script, or a builder with its sizes.
    settings : list of str
        ``name=value`` each, arguments of a script's ``design()``.
    record : str or None
        Names of neurons joined by commas, ``all`` or ``none``.
    fidelity : str or mapping, or None
        How real the neurons are, as :func:`neuromorph.compose` takes it.

    Returns
    -------
    Network
        For a run on either road.

    Raises
    ------
    UsageError
        When something cannot be understood or read; the message lists the choices.
    """
    from neuromorph.networks import compose

    graph = graph_of(text, settings)
    found: Network | None = None
    if hasattr(graph, "driven_by"):
        found, graph = graph, graph.graph
    names: tuple[str, ...] | None
    if record is None:
        names = None if found is None else found.recorded
    elif record == "none":
        names = ()
    elif record == "all":
        names = tuple(name for name, attributes in graph.nodes(data=True) if "neuron" in attributes)
    else:
        names = tuple(name.strip() for name in record.split(","))
    if found is not None and fidelity is None:
        fidelity = found.fidelity
    return compose(graph, fidelity=fidelity, record=names)


def graph_of(text: str, settings: list[str]) -> Any:
    """The graph that a command line asks for, or the network that a script has composed already.

    Parameters
    ----------
    text : str
        Path of a file or script, or a builder with its sizes.
    settings : list of str
        ``name=value`` each, arguments of a script's ``design()``.

    Returns
    -------
    networkx.DiGraph or Network
        As file, script or builder give it.

    Raises
    ------
    UsageError
        When something cannot be understood or read; the message lists the choices.
    """
    path = Path(text)
    if path.suffix == ".py":
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "does not exist"
            raise UsageError(f"the script {text!r} {what}; give another one, a file (.json), or one of {examples()}")
        design = requested(text, settings, [], None).design
        if not hasattr(design, "driven_by"):
            raise UsageError(
                f"design() of {text} returned a {type(design).__name__}, no network: return nm.compose(graph), or use "
                "the commands simulate and validate"
            )
        return design
    if settings:
        raise UsageError(f"--set is for arguments of a script's design(), and {text!r} is no script (.py)")
    name, colon, sizes = text.partition(":")
    if name in BUILDERS:
        return _built(name, sizes if colon else None)
    if path.suffix in NIR_ENDINGS:
        raise UsageError(
            f"{text}: what NIR's numbers mean is said when it is converted: neuromorph network convert {text} -o network.json"
        )
    if path.suffix == ".json" or path.exists() or "/" in text or "\\" in text:
        from neuromorph.networks import load_network

        if path.is_dir():
            raise UsageError(f"{text!r} is a folder: give a network's file (.json) or a script (.py)")
        try:
            return load_network(path)
        except OSError as error:
            choices = f"; or give a script with design() (.py), or one of {examples()}" if not path.exists() else ""
            raise UsageError(f"{text}: {error.strerror}{choices}") from None
    raise UsageError(
        f"no network {text!r}. Choices: a file (.json), a script with design() (.py), or one of {examples()}"
    )


def is_network_name(text: str) -> bool:
    """Whether what was typed would name a network: a file, or a builder."""
    return Path(text).suffix in (".json", *NIR_ENDINGS) or text.partition(":")[0] in BUILDERS


def examples() -> str:
    """A builder of each kind, as one types it."""
    return ", ".join(f"{name}:{form}" for name, (form, _, _) in BUILDERS.items())


def _built(name: str, sizes: str | None) -> networkx.DiGraph[str]:
    form, pattern, build = BUILDERS[name]
    match = re.fullmatch(pattern, sizes or "", re.ASCII)
    if match is None:
        what = "needs sizes" if not sizes else f"cannot be made of {sizes!r}"
        raise UsageError(f"{name} {what}: write {name}:{form}")
    try:
        return build(match)
    except ValueError as error:
        raise UsageError(f"{name}:{sizes}: {error}") from None


def _count(text: str) -> int:
    # Synapses of all with all: a builder would fill the memory before it said anything.
    if len(text) > 9 or int(text) ** 2 > _MOST_SYNAPSES:
        raise ValueError(f"{text} neurons would have up to {float(text) ** 2:.2g} synapses: give fewer")
    return int(text)


def _chain(found: re.Match[str]) -> networkx.DiGraph[str]:
    from neuromorph.networks import chain

    return chain(_count(found[1]))


def _layered(found: re.Match[str]) -> networkx.DiGraph[str]:
    from neuromorph.networks import layered

    return layered([_count(word) for word in found[0].split("-")])


def _recurrent(found: re.Match[str]) -> networkx.DiGraph[str]:
    from neuromorph.networks import recurrent

    return recurrent(_count(found[1]), _count(found[2] or "0"))


def _winner_take_all(found: re.Match[str]) -> networkx.DiGraph[str]:
    from neuromorph.networks import winner_take_all

    return winner_take_all(_count(found[1]))


def _random(found: re.Match[str]) -> networkx.DiGraph[str]:
    from neuromorph.networks import random_network

    return random_network(_count(found[1]), float(found[2] or 0.2), seed=int(found[3] or 0))


def _crossbar(found: re.Match[str]) -> networkx.DiGraph[str]:
    from neuromorph.networks import crossbar_between
    from neuromorph.networks.builders.populations import DRIVING

    rows, columns = _count(found[1]), _count(found[2])
    if not rows or not columns:
        raise ValueError("a crossbar needs a row and a column at least")
    return crossbar_between(_drawn(rows, columns, found[3]) * DRIVING / rows)


def _recurrent_crossbar(found: re.Match[str]) -> networkx.DiGraph[str]:
    import numpy as np

    from neuromorph.networks import recurrent_crossbar
    from neuromorph.networks.builders.populations import MODULATING

    n = _count(found[1])
    if not n:
        raise ValueError("a crossbar needs a row and a column at least")
    return recurrent_crossbar(_drawn(n, n, found[2]) * (1 - np.eye(n)) * MODULATING / n)


def _drawn(rows: int, columns: int, seed: str | None) -> Any:
    """Pure numbers from half to one and a half."""
    import numpy as np

    return np.random.default_rng(int(seed or 0)).uniform(0.5, 1.5, (rows, columns))


_N, _SEED = r"(\d+)", r"(?::(\d+))?"
BUILDERS: Mapping[str, tuple[str, str, Callable[[re.Match[str]], networkx.DiGraph[str]]]] = {
    "chain": ("4", _N, _chain),
    "layered": ("4-3-2", r"\d+(?:-\d+)*", _layered),
    "recurrent": ("6+2", _N + r"(?:\+(\d+))?", _recurrent),
    "winner-take-all": ("4", _N, _winner_take_all),
    "random": ("20", _N + r"(?::(0?\.\d+|[01](?:\.\d*)?))?" + _SEED, _random),
    "crossbar": ("4x3", _N + r"x(\d+)" + _SEED, _crossbar),
    "recurrent-crossbar": ("8", _N + _SEED, _recurrent_crossbar),
}
"""What is built by name: how one types its sizes, what is read, and the function that builds it."""
