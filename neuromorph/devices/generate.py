"""From a memristor's two expressions to numba functions, an ngspice subcircuit and a Verilog-A module."""

from __future__ import annotations

import dataclasses
from types import ModuleType
from typing import TYPE_CHECKING, Any

import sympy

from neuromorph.equations import load_kernel, print_ngspice, print_numba, print_verilog_a
from neuromorph.quantities import is_choice

# Keywords of Verilog-AMS that could be the name of a model or of a parameter.
_VERILOG_A_WORDS = frozenset(
    """
    abs absdelay abstol access acos acosh ac_stim aliasparam always analog analysis and asin asinh assign atan atan2
    atanh begin branch buf case ceil cmos connect cos cosh cross ddt ddt_nature ddx deassign default delay disable
    discipline driver edge electrical else end endcase endfunction endmodule endnature enddiscipline event exclude exp
    final_step flicker_noise floor flow for force forever fork from function generate genvar ground highz0 highz1 hypot
    idt idtmod idt_nature if ifnone inf initial initial_step inout input integer join laplace_nd laplace_np laplace_zd
    laplace_zp large last_crossing limexp ln localparam log macromodule max medium merged min module nand nature
    negedge net_resolution nmos noise_table nor not notif0 notif1 or output parameter pmos posedge potential pow
    primitive pull0 pull1 pulldown pullup real realtime reg release repeat resolveto rtran scalared sin sinh slew small
    specify specparam split sqrt string strobe strong0 strong1 supply0 supply1 table tan tanh task
    time
    timer tran transition tri units unsigned vectored vt wait wand weak0 weak1 while white_noise wire wor wreal xnor
    xor zi_nd zi_np zi_zd zi_zp
    """.split()
)

if TYPE_CHECKING:
    from neuromorph.devices.memristor import MemristorModel


def kernel_of(model: MemristorModel) -> ModuleType:
    """Compiled array functions of a model's equations and their exact partial derivatives.

    Parameters
    ----------
    model : MemristorModel
        Its parameter values do not matter: they are arguments [SI units].

    Returns
    -------
    module
        ``current``, ``state_rate``, ``current_dv``, ``current_dx``, ``state_rate_dv``, ``state_rate_dx``,
        each of (v, x, p).
    """
    current, rate = model.expressions()
    v, x = sympy.symbols("v x", real=True)
    equations = {
        "current": current,
        "state_rate": rate,
        "current_dv": sympy.diff(current, v),
        "current_dx": sympy.diff(current, x),
        "state_rate_dv": sympy.diff(rate, v),
        "state_rate_dx": sympy.diff(rate, x),
    }
    parameters = list(model.values())
    names = {"v": "v_[i]", "x": "x_[i]", **{name: f"p_{name}" for name in parameters}}
    unpack = [f"    p_{name} = p[{i}]" for i, name in enumerate(parameters)]
    functions = []
    for name, expression in equations.items():
        shared, (reduced,) = sympy.cse(expression, symbols=sympy.numbered_symbols("c_", real=True), order="none")
        lines = [f"        {symbol} = {print_numba(value, names)}" for symbol, value in shared]
        functions.append(
            "\n".join(
                [
                    "@kernel",
                    f"def {name}(v_, x_, p):",
                    *unpack,
                    "    out = np.empty(v_.size)",
                    "    for i in range(v_.size):",
                    *lines,
                    f"        out[i] = {print_numba(reduced, names)}",
                    "    return out",
                ]
            )
        )
    return load_kernel(model.subcircuit_name, "\n\n\n".join(functions) + "\n")


def subcircuit_of(model: MemristorModel, state_capacitance: float) -> str:
    """The ngspice subcircuit of a model.

    Parameters
    ----------
    model : MemristorModel
        Gives the equations, and the defaults of the subcircuit's parameters.
    state_capacitance : float
        Capacitor whose voltage is the state [F].

    Returns
    -------
    str
        Text from its head comment to ``.ends``.
    """
    current, rate = model.expressions()
    # ngspice keeps every digit of a parameter, and pastes its value bare, hence the parentheses.
    names = {"v": "v(p,n)", "x": "v(x)", **{name: f"({{{name}}})" for name in model.values()}}
    parameters = " ".join(f"{name}={value!r}" for name, value in model.values().items())
    return "\n".join(
        [
            f"* {model.subcircuit_name}: current from p to n, state = v(x)",
            *(f"*   {name}: {doc}" for name, doc in _meanings(model)),
            f".subckt {model.subcircuit_name} p n x params: {parameters}",
            f"Bcurrent p n I={print_ngspice(current, names)}",
            f"Cstate x 0 {state_capacitance!r}",
            f"Bstate 0 x I={print_ngspice(state_capacitance)}*({print_ngspice(rate, names)})",
            f".ends {model.subcircuit_name}",
            "",
        ]
    )


def verilog_a_of(model: MemristorModel) -> str:
    """The Verilog-A module of a model.

    Parameters
    ----------
    model : MemristorModel
        Gives the equations, and the defaults of the module's parameters [SI units].

    Returns
    -------
    str
        Source text.
    """
    current, rate = model.expressions()
    names = {"v": "V(p,n)", "x": "V(x)", **{name: _verilog_a_name(name) for name in model.values()}}
    declarations = [
        f"    parameter real {names[name]} = {value!r}; // {doc}"
        for (name, value), (_, doc) in zip(model.values().items(), _meanings(model), strict=True)
    ]
    module = _verilog_a_name(model.subcircuit_name)
    return "\n".join(
        [
            f"// {module}: current from p to n, state = V(x)",
            '`include "disciplines.vams"',
            "",
            f"module {module}(p, n, x);",
            "    inout p, n, x;",
            "    electrical p, n, x;",
            *declarations,
            "",
            "    analog begin",
            f"        I(p, n) <+ {print_verilog_a(current, names)};",
            "        I(x) <+ ddt(1.0e-6*V(x));",
            f"        I(x) <+ -1.0e-6*({print_verilog_a(rate, names)});",
            "    end",
            "endmodule",
            "",
        ]
    )


def _verilog_a_name(name: str) -> str:
    # Terminals and disciplines' access functions are names of the module too.
    return f"{name}_" if name in _VERILOG_A_WORDS or name in ("p", "n", "V", "I") else name


def _meanings(model: MemristorModel) -> list[tuple[str, str]]:
    def meaning(field: dataclasses.Field[Any]) -> str:
        unit = field.metadata.get("unit", "")
        return f"{field.metadata.get('doc', '')} [{unit or 'number'}]"

    return [(field.name, meaning(field)) for field in dataclasses.fields(model) if not is_choice(field)]
