"""The command line: designs by name or by script, values with units, JSON beside text; no logic of its own."""

from neuromorph.cli.app import main

__all__ = ["main"]
