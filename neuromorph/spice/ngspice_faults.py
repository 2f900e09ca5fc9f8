"""What ngspice prints for each fault of a deck or a run, and what a designer can do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["DECK_FAULTS", "SOLUTION_FAULTS", "Fault"]


@dataclass(frozen=True)
class Fault:
    """One row of the table.

    Parameters
    ----------
    pattern : str
        Regular expression of the decisive lines, anchored where ngspice begins a line, because titles and
        node names are in the log too. Its named groups fill the other texts.
    cause, remedy : str
        Format strings of the named groups.
    where : str, optional
        Format string of the element, node or file. Without one, the deck's line `number` or the first line
        that has the word `symbol` is meant.
    only_if_aborted : bool
        ngspice also prints this while an iteration goes astray that succeeds later; it is a fault only if the
        run was given up.
    beside : str
        Text that has to be elsewhere in the log.
    """

    pattern: str
    cause: str
    remedy: str
    where: str = ""
    only_if_aborted: bool = False
    beside: str = ""

    def search(self, log: str, is_aborted: bool) -> re.Match[str] | None:
        """First place of the fault in a cleaned log."""
        if (self.only_if_aborted and not is_aborted) or self.beside not in log:
            return None
        return re.search(self.pattern, log, re.MULTILINE)


_ON_LINE = r"^Error on line(?: (?P<number>\d+) or its substitute)?:\n +(?P<element>\S+)(?P<rest>.*)\n\s*"
# ngspice warns of many models before it names the line, also of values that are parameters and thus good.
_MISSING_ON_LINE = (
    r"^warning, can't find model '(?P<symbol>[^']+)'(?:.*\n){1,60}?"
    r"Error on line(?: (?P<number>\d+) or its substitute)?:\n +(?P<element>\S+).* (?P=symbol)(?: .*)?\n\s*"
)
_CHECK_EXPRESSION = "check the operators, brackets and function names of the expression"
_MODEL_REMEDY = "add a .model line with this name or include the file that has it, and check the number of nodes"

# First match wins: causes stand before their consequences.
DECK_FAULTS: tuple[Fault, ...] = (
    # --- the machine
    Fault(
        r"^(?:Error: )?malloc: (?:Internal Error: )?can't allocate .*",
        "ngspice ran out of memory",
        "record fewer nodes, shorten the run, or raise the memory limit",
    ),
    Fault(
        r"^Warning: rawfile write error.*",
        "the raw file could not be written to its end: the disk is full",
        "free space on the disk, record fewer nodes, or use another folder for the runs",
    ),
    Fault(
        r'^(?!fopen\()(?P<file>\S[^"\n]*): (?P<reason>No such file or directory|Is a directory'
        r"|Read-only file system|Permission denied|Not a directory|File name too long"
        r"|No space left on device)$",
        "{file} could not be opened: {reason}",
        "check that the folder exists and that it may be written",
        "{file}",
    ),
    # --- files
    Fault(
        r"^Error: Could not find (?P<kind>include|library) file (?P<file>.+)$",
        "the {kind} file {file} does not exist",
        "give the path from the root, or from the folder that the deck is run in",
        "{file}",
    ),
    Fault(
        r"^ERROR, library file (?P<file>.+), section definition (?P<symbol>\S+) not found",
        "the library file {file} has no section {symbol}",
        "name a section that a .lib line of the file begins",
        "{file}",
    ),
    Fault(
        r"^Error: \.include filename missing",
        "an .include line names no file",
        "write the path in double quotes behind .include",
    ),
    Fault(
        r'^Error opening osdi lib "(?P<file>[^"]+)": (?P<reason>.+?)!?$',
        "the compiled Verilog-A model {file} could not be loaded: {reason}",
        "compile it with openvaf-r and give its path from the root",
        "{file}",
    ),
    Fault(
        r"^osdi: no such command available in ngspice",
        "this ngspice cannot load compiled Verilog-A models (OSDI)",
        "use an ngspice that was built with OSDI, such as 44.2 of Debian 13",
    ),
    # --- hierarchy
    Fault(
        r"^Error: unknown subckt: (?P<element>(?:[^\s.]+\.){15,}\S+).* (?P<symbol>[^\s=]+?) *$",
        "subcircuit {symbol} contains itself",
        "break the circle of X lines",
        "{symbol}",
    ),
    Fault(
        r"^Error: unknown subckt: (?P<element>\S+)(?: [^\s=]+)*? (?:x[^\s=]*\.)?(?P<symbol>[^\s=]+)"
        r"(?= *$| +\S+ *=)",
        "subcircuit {symbol} is not defined",
        "add a .subckt with this name, or include the file that has it",
        "{element}",
    ),
    Fault(
        r'^Too (?P<which>few|many) parameters for subcircuit type "(?P<symbol>[^"]+)" '
        r"\(instance: x(?P<element>\S+)\)",
        "too {which} nodes are given to subcircuit {symbol}",
        "give as many nodes as the .subckt line of {symbol} lists",
        "{element}",
    ),
    Fault(
        r"^Error: Mismatch of \.subckt \.\.\. \.ends statements!(?:\n .*)*\nCheck (?:line )?(?P<line>.+)",
        ".subckt and .ends do not pair: {line}",
        "end every .subckt with .ends",
        "{line}",
    ),
    Fault(
        r"^Error: Mismatch of \.if \.\.\. \.endif statements!",
        ".if and .endif do not pair; ngspice drops lines without saying which",
        "end every .if with .endif",
        ".if",
    ),
    Fault(
        r"^Warning: Missing \.endc statement!",
        "a .control block has no end",
        "end the .control block with .endc",
        ".control",
    ),
    # --- parameters and expressions
    Fault(
        r"^Undefined parameter \[(?P<symbol>[^\]]+)\]\n(?:Netlist line .*\n)?"
        r" *Expression err: .*\b(?P=symbol)\(.*",
        "the function {symbol} is not defined",
        "define it with .func, or correct its name",
    ),
    Fault(
        r"^Undefined parameter \[(?P<symbol>[^\]]+)\]",
        "the parameter {symbol} is not defined",
        "define it with .param {symbol}=..., in the subcircuit or above it",
    ),
    Fault(
        r"^ERROR: A level depth greater \d+ for dependent parameters.*\n.*\n +(?P<line>\S.*)",
        "parameters are defined in a circle: {line}",
        "define one of them by a number",
        "{line}",
    ),
    Fault(
        r'^(?:Netlist line no\. (?P<number>\d+):\n)?Closing "(?P<bracket>.)" not found',
        "an expression has an opening bracket without its closing {bracket}",
        "close the bracket",
    ),
    Fault(
        r"^(?:Netlist line no\. (?P<number>\d+):\n)? *Expression err: (?P<text>.*?)\}?$",
        "a parameter expression cannot be evaluated: {text}",
        _CHECK_EXPRESSION,
    ),
    Fault(
        r"^Error: no such function '(?P<symbol>[^']+)'",
        "the function {symbol} does not exist in a B source",
        "correct its name, or define it with .func",
    ),
    Fault(
        r"^Error: PWL\(expr, points\.\.\.\).*",
        "the points of a pwl() expression do not ascend",
        "order the points by their first coordinate",
    ),
    Fault(
        r"^PTerror: syntax error, parsing stopped at\n(?: +(?P<text>.*)\n)?Error on line"
        r"(?: (?P<number>\d+) or its substitute)?:\n +(?P<element>\S+).*",
        "the expression of {element} has a syntax error, before: {text}",
        _CHECK_EXPRESSION,
        "{element}",
    ),
    Fault(
        r"^YYparse error, syntax error, in expression: parsing stopped at line (?P<number>\d+)"
        r"(?:\n +(?:(?P<text>.+?) +)?in(?: .*)?$)?",
        "the expression of a B source has a syntax error, before: {text}",
        _CHECK_EXPRESSION,
    ),
    Fault(
        r"^(?:Internal )?[Ee]rror: bad node type.*",
        "a function of a B source has the wrong number of arguments",
        _CHECK_EXPRESSION,
    ),
    Fault(
        r"^ERROR: mal formed B (?:line|source instance): (?P<element>\S+).*",
        "the B source {element} has no expression",
        "write V=... or I=... on its line",
        "{element}",
    ),
    # --- elements
    Fault(
        r"^Error(?: in line|: not enough parameters in line\n) +(?P<element>\S+).*"
        r"(?:\n +Not enough parameters)?",
        "{element} lacks a node or a value",
        "complete its line",
        "{element}",
    ),
    Fault(
        r"^Warning: '(?P<element>\S+)[^']*' is not a valid (?P<kind>\w+) instance line, ignored!",
        "the {kind} {element} has no value",
        "write a value on its line",
        "{element}",
    ),
    Fault(
        r"^Warning: (?P<element>\S+): resistance to low, set to 1 mOhm",
        "the resistor {element} has no value; ngspice would take 1 milliohm",
        "write a value on its line",
        "{element}",
    ),
    Fault(
        r"^Warning: Unusual leading characters(?:.*\n)+? +[Cc]heck line +(?:no +\d+: +)?(?P<line>.+)",
        "no element begins like this line, and ngspice drops it: {line}",
        "begin an element with its letter, a comment with *",
        "{line}",
    ),
    Fault(
        r"^unrecognized parameter \((?P<symbol>[^)\s]+)\) - ignored",
        "ngspice's model has no parameter {symbol}, and would leave it out",
        "correct its name, or remove it if the model does not need it",
    ),
    Fault(
        r"^Error: no model type given in line (?P<line>.+)!",
        "a model has no type: {line}",
        "write .model name type(...)",
        "{line}",
    ),
    Fault(
        r"^Only MOS device levels .* are supported in this binary",
        "a .model line asks for a MOS level that this ngspice does not have",
        "use one of the levels that the log lists",
    ),
    Fault(
        _ON_LINE + r"(?:device already exists.*)",
        "there are two elements with the name {element}",
        "rename one of them; SPICE does not tell upper from lower case",
        "{element}",
    ),
    Fault(
        _MISSING_ON_LINE + r"unknown parameter .*",
        "{element} has {symbol} where a value or a model should be",
        "write a number, a parameter in braces, or the name of a model that exists",
        "{element}",
    ),
    Fault(
        _MISSING_ON_LINE + r".*",
        "the model {symbol} is not defined",
        _MODEL_REMEDY,
        "{element}",
    ),
    Fault(
        _ON_LINE + r"(?:could not find a valid modelname|Unable to find definition of model|incorrect model type).*",
        "{element} has no model of its kind",
        _MODEL_REMEDY,
        "{element}",
    ),
    Fault(
        _ON_LINE + r"unknown parameter \((?P<value>[+-]?(?:inf|nan))\).*",
        "the value of {element} comes out as {value}",
        "look for a division by zero in its expression",
        "{element}",
    ),
    Fault(
        _ON_LINE + r"unknown parameter \((?P<symbol>.+)\).*",
        "{element} does not know the parameter {symbol}",
        "correct the name, or leave it out",
        "{element}",
    ),
    Fault(
        _ON_LINE + r"unknown device type.*",
        "ngspice does not know the kind of element {element}",
        "begin the name with the letter of a SPICE element; N needs an ngspice with OSDI",
        "{element}",
    ),
    Fault(
        _ON_LINE + r"unimplemented (?:control card|dot command).*",
        "ngspice does not know the command {element}",
        "correct the line",
        "{element}",
    ),
    Fault(
        _ON_LINE + r"(?P<reason>.+)",
        "the line of {element} is wrong: {reason}",
        "correct the line",
        "{element}",
    ),
    Fault(
        r"^Fatal error: (?P<element>\S+): unknown controlling source (?P<symbol>\S+)",
        "{element} is controlled by the current of {symbol}, which is not in the circuit",
        "name a voltage source of the circuit; add one of 0 V to measure a current",
        "{element}",
    ),
    Fault(
        r'^Fatal error: DC Transfer Function: .* named "(?P<symbol>[^"]+)" is not in the circuit',
        "the .dc line sweeps {symbol}, which is not in the circuit",
        "name a source or resistor of the circuit",
        "{symbol}",
    ),
    Fault(
        r"^Fatal error: (?P<element>\S+): coupling to non-exist[ae]nt inductor (?P<symbol>[^.\s]+)",
        "{element} couples the inductor {symbol}, which is not in the circuit",
        "name two inductors of the circuit",
        "{element}",
    ),
    Fault(
        r"^Fatal error: instance (?P<element>\S+) is a shorted VSRC",
        "both ends of the voltage source {element} are on one node",
        "connect it between two nodes",
        "{element}",
    ),
    Fault(
        r"^Fatal error: (?P<element>[^\s:]+): (?P<reason>.+)",
        "{element}: {reason}",
        "correct the line of {element}",
        "{element}",
    ),
    Fault(
        r"^Warning : (?:voltage|current) source (?P<element>\S+) has non-increasing PWL time points",
        "the times of the PWL source {element} do not ascend",
        "order its points by time, without two at the same time",
        "{element}",
    ),
    # --- what is recorded or set
    Fault(
        r"^Error: no data saved for (?P<analysis>.+) analysis; analysis not run",
        "the .save line names nothing that is in the circuit",
        "correct the names on the .save line",
        ".save",
    ),
    Fault(
        r"^Warning: unrecognized variable - (?P<symbol>\S+)",
        "{symbol}, which the .save line names, is not in the circuit",
        "correct the name on the .save line",
        "{symbol}",
    ),
    Fault(
        r"^Warning from checkvalid: vector (?P<symbol>\S+) is not available or has zero length",
        "the vector {symbol} was not simulated",
        "correct its name, or record it with .save",
        "{symbol}",
    ),
    Fault(
        r"^Warning : (?:IC|Nodeset) on non-existent node - (?P<node>[^,\s]+), ignored",
        "the node {node}, which a .ic or .nodeset line sets, is not in the circuit",
        "correct the node's name",
        "{node}",
    ),
    Fault(
        r"^Error: bad type given for option (?P<symbol>\S+)(?: --\n\s+(?P<reason>.*))?",
        "the option {symbol} has a value of the wrong type, and ngspice ignores it",
        "write a number",
        "{symbol}",
    ),
    Fault(
        r"^setAnalysisParm\(options\).*: unsupported integration method",
        "the option method is neither trap nor gear, and ngspice ignores it",
        "write .option method=gear or method=trap",
        "method",
    ),
    # --- the first of the faults of a solution: what follows it is its consequence
    Fault(
        r"^Error: (?P<arguments>.+) out of range for (?P<function>\S+)\n +in line (?P<element>\S+)",
        "the expression of {element} takes {function} of {arguments}, which is outside its domain",
        "keep the argument inside, for example with max(x, 1e-12)",
        "{element}",
        only_if_aborted=True,
    ),
)

_TROUBLE = r'(?:trouble with (?:node "(?P<node>[^"]+)"|\S+-instance (?P<element>\S+))|cause unrecorded)'

# Looked for when no singular matrix explains the failure.
SOLUTION_FAULTS: tuple[Fault, ...] = (
    Fault(
        r"^doAnalyses: NOISE: +Timestep too small; .*?" + _TROUBLE,
        "the noise analysis found no operating point",
        "choose a voltage at which the circuit rests: a neuron above its threshold, which resets itself again and again, does not; "
        "where it should rest, look for 0/0 in its expressions",
        "{node}{element}",
    ),
    Fault(
        r"^(?P<node>\S+) +(?:\S+ +)?-?nan\b.*",
        "{node} comes out as nan (not a number)",
        "look for 0/0 and for functions outside their domain in the expressions that drive it",
        "{node}",
        only_if_aborted=True,
    ),
    Fault(
        r"^doAnalyses: TRAN: +Timestep too small; time = (?P<time>[^\s,]+), timestep = \S+: " + _TROUBLE,
        "the time step became too small at {time} s; no step was found there that converges",
        "look for a jump or an unbounded growth in what drives it: smooth a switch or a ?: expression, "
        "give the node a capacitor, limit an exponential",
        "{node}{element}",
    ),
    Fault(
        r"^doAnalyses: (?P<analysis>\w+): .*?" + _TROUBLE,
        "no operating point was found: gmin stepping, source stepping and pseudo-transient all failed",
        "give the nodes their likely voltages with .nodeset or .ic, smooth jumps in expressions, and check "
        "that no feedback contradicts itself",
        "{node}{element}",
        beside="Error: Transient op failed",
    ),
    Fault(
        r"^doAnalyses: TRAN: +Timestep too small; initial timepoint: " + _TROUBLE,
        "the first time step does not converge from the initial conditions",
        "make the .ic values agree with each other, or leave out uic so that the operating point is found",
        "{node}{element}",
    ),
    Fault(
        r"^(?P<command>\S+): no such command available in ngspice",
        "ngspice does not know the command {command}",
        "correct the .control block; check that it ends with .endc",
        "{command}",
    ),
    Fault(
        r"^Error: there aren't any circuits loaded\.",
        "the deck holds no circuit that ngspice can read",
        "check that the deck is not empty and that its first line is a title",
    ),
    Fault(
        r"^(?:Fatal error|ERROR|Error):? (?!.* out of range for )(?P<reason>.+)",
        "ngspice reports an error: {reason}",
        "look at the log for what came before it",
    ),
    Fault(
        r"^doAnalyses: (?P<reason>.+)",
        "ngspice gave up the analysis: {reason}",
        "look at the log for what came before it",
    ),
)
