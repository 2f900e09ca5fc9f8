"""The group of commands ``neuromorph network ...``."""

from __future__ import annotations

import typer

from neuromorph.cli.network_files import convert, draw, show
from neuromorph.cli.network_runs import simulate, validate

network = typer.Typer(
    help="Networks of neurons: simulate them, cross-validate them, draw them, convert their files.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
network.command()(simulate)
network.command()(validate)
network.command()(show)
network.command()(draw)
network.command()(convert)
