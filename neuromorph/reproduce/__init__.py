"""The published figures, one package a paper: computed, judged and drawn."""

from neuromorph.reproduce.claim import VERDICTS, Claim
from neuromorph.reproduce.papers import PAPERS, paper_names, reproduce
from neuromorph.reproduce.reproduction import Reproduction

__all__ = ["PAPERS", "VERDICTS", "Claim", "Reproduction", "paper_names", "reproduce"]
