"""What diagnose() makes of the logs of ngspice 44 as text, and of any text."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuromorph.spice.diagnosis import diagnose
from neuromorph.spice.ngspice_faults import DECK_FAULTS, SOLUTION_FAULTS

# ngspice 44.2, standard output and standard error, without the resource usage.
HEALTHY_44 = """
Note: No compatibility mode selected!


Circuit: error: fatal singular matrix

binary raw file "out.raw"
Doing analysis at TEMP = 27.000000 and TNOM = 27.000000

Using SPARSE 1.3 as Direct Linear Solver
No. of Data Columns : 4

Initial Transient Solution
--------------------------

Node                                   Voltage
----                                   -------
error                                        0
out                                          0
v1#branch                                    0

 Reference value :  5.00000e-04
No. of Data Rows : 119

Total analysis time (seconds) = 0.000630437
fopen("/proc/meminfo"): No such file or directory
"""

CURED_44 = """
Warning: singular matrix:  check node x

Note: Starting dynamic gmin stepping
Trying gmin =   1.0000E-03 Note: One successful gmin step
Trying gmin =   1.0000E-12 Warning: singular matrix:  check node x
Trying gmin =   1.0000E-12 Note: One successful gmin step
Note: Dynamic gmin stepping completed
"""

FLOATING_44 = """
Warning: singular matrix:  check node mid

Note: Starting dynamic gmin stepping
Trying gmin =   1.0000E-03 Note: One successful gmin step
Trying gmin =   1.0000E-12 Warning: singular matrix:  check node mid

Warning: Dynamic gmin stepping failed
Note: Starting true gmin stepping
Trying gmin =   1.0000E-03 Warning: singular matrix:  check node mid

Warning: True gmin stepping failed
Note: Starting source stepping
Supplies reduced to   0.0000% Warning: source stepping failed
Note: Transient op started
Note: Transient op finished successfully
"""

SYNTAX_44 = """
Circuit: deck

YYparse error, syntax error, in expression: parsing stopped at line 2
     *   2.0000000000e+00 in    2.0000000000e+00
from file    deck.cir
ERROR: fatal error in ngspice, exit(1)
"""

NO_POINT_44 = """
Note: Starting source stepping
Supplies reduced to   0.0000% Warning: source stepping failed
Note: Transient op started
Error: Transient op failed, timestep too small
Error: The operating point could not be simulated successfully.
    Any of the following steps may fail.!

doAnalyses: OP:  Timestep too small; trouble with node "o"


run simulation(s) aborted
"""


def test_logs_of_ngspice_44() -> None:
    assert diagnose(HEALTHY_44) is None
    assert diagnose(HEALTHY_44 + CURED_44) is None
    floating = diagnose(HEALTHY_44 + FLOATING_44)
    assert floating is not None
    assert floating.where == "mid"
    assert floating.lines == ("Warning: singular matrix:  check node mid",)
    # The first analysis of a deck is not excused by a later one.
    assert diagnose(FLOATING_44 + CURED_44) == floating
    no_point = diagnose(HEALTHY_44 + NO_POINT_44)
    assert no_point is not None
    assert no_point.where == "o"
    assert "no operating point" in no_point.cause
    assert no_point.lines[-1].startswith("doAnalyses: OP:")


def test_a_syntax_error_of_ngspice_44_is_shown_in_the_deck() -> None:
    diagnosis = diagnose(SYNTAX_44, "deck\nB1 o 0 V=v(in)+*2\n")
    assert diagnosis is not None
    assert diagnosis.cause.endswith("before: *   2.0000000000e+00")
    assert diagnosis.where == "line 2: B1 o 0 V=v(in)+*2"
    without_deck = diagnose(SYNTAX_44)
    assert without_deck is not None
    assert without_deck.where == "line 2"


@pytest.mark.parametrize(
    ("log", "where", "cause"),
    [
        ("Warning: 'c2 out 0' is not a valid capacitor instance line, ignored!", "c2", "capacitor c2 has no"),
        (
            "Error in line   v1 in\n    Not enough parameters\n    line no. 2 from file deck.cir\n",
            "v1",
            "lacks",
        ),
        ('Error opening osdi lib "m.osdi": No such file or directory!\n', "m.osdi", "could not be loaded"),
        (
            "Error: malloc: can't allocate 320 bytes.\n    Not enough memory or heap corruption",
            None,
            "memory",
        ),
        ("Error: no model type given in line .model dm!\n", ".model dm", "no type"),
        ("Warning: singular matrix:  check nodes a and b\n", "a and b", "depend on each other"),
        ("Error: something new\n", None, "something new"),
    ],
)
def test_single_lines_of_ngspice_44(log: str, where: str | None, cause: str) -> None:
    diagnosis = diagnose(log)
    assert diagnosis is not None
    assert diagnosis.where == where
    assert cause in diagnosis.cause


def test_the_time_of_a_full_disk_is_the_last_progress() -> None:
    log = "Initial Transient Solution\n\r Reference value :  1.00000e-03\r Reference value :  2.50000e-03"
    diagnosis = diagnose(log + "Warning: rawfile write error !!\ndoAnalyses: pause requested\n")
    assert diagnosis is not None
    assert diagnosis.time_reached == 2.5e-3


@given(st.text())
def test_any_text_is_read_without_an_error(log: str) -> None:
    diagnose(log, log)


def test_every_row_of_the_table_can_be_filled() -> None:
    for fault in (*DECK_FAULTS, *SOLUTION_FAULTS):
        groups = set(re.compile(fault.pattern).groupindex)
        for text in (fault.cause, fault.remedy, fault.where):
            used = {name for _, name, _, _ in string.Formatter().parse(text) if name}
            assert used <= groups, fault.cause
