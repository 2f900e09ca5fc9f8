"""The group of commands ``neuromorph crossbar ...``."""

from __future__ import annotations

import typer

from neuromorph.cli.crossbar_program import program
from neuromorph.cli.crossbar_schemes import half_select, read_margin
from neuromorph.cli.crossbar_solve import deck, solve

crossbar = typer.Typer(
    help="Memristor arrays with their wires: solve, store weights, write a deck, disturb and misread cells.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
crossbar.command()(solve)
crossbar.command()(program)
crossbar.command()(deck)
crossbar.command("half-select")(half_select)
crossbar.command("read-margin")(read_margin)
