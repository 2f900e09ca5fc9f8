"""A hysteretic threshold that switches meet exactly: the idiom behind every ideal discharge and spike."""

from __future__ import annotations

from typing import Any

# ngspice lets the control voltage of a switch pass its threshold by 50 mV before it shortens the time step
# (SWtrunc). Thresholds are met to within this share of the swing by amplifying the control voltage first.
_SWITCH_MARGIN = 0.05
_PRECISION = 5e-6
# Of the switch behind a spike output when it is open, and of what pulls that to ground [ohm].
_R_OFF, _R_PULL = 1e12, 1e6
OPEN_LEVEL = _R_PULL / (_R_OFF + _R_PULL)
"""What an open switch leaves on a spike output [V]."""


class Threshold:
    """A voltage compared with two thresholds, and the switches that follow it.

    Its switches close together when the voltage has risen to `v_high` and open when it has fallen to `v_low`.
    The voltage is amplified before it reaches them: a switch of ngspice acts up to 50 mV past its threshold,
    which would be an eighth of a membrane voltage of 0.4 V.

    Parameters
    ----------
    circuit : PySpice.Spice.Netlist.Circuit
        Where the parts are added.
    plus, minus : str
        The nodes between which the voltage is taken.
    v_high, v_low : float
        Thresholds [V].
    name : str
        Name of the amplified node, and part of the names of what is added.

    Raises
    ------
    ValueError
        When `v_low` is not below `v_high`.

    Examples
    --------
    >>> from PySpice.Spice.Netlist import Circuit
    >>> circuit = Circuit("discharge")
    >>> threshold = Threshold(circuit, "c", "0", v_high=0.4, v_low=0.02)
    >>> threshold.add_switch("discharge", "c", "0", r_on=10.0)
    >>> threshold.add_spike_output()
    """

    def __init__(
        self, circuit: Any, plus: str, minus: str, *, v_high: float, v_low: float, name: str = "control"
    ) -> None:
        if not v_low < v_high:
            raise ValueError(f"v_low must be below v_high ({v_high:g} V), got {v_low!r}")
        self._circuit, self._name = circuit, name
        gain = _SWITCH_MARGIN / (_PRECISION * (v_high - v_low))
        self._model = {"vt": gain * (v_high + v_low) / 2, "vh": gain * (v_high - v_low) / 2}
        circuit.VCVS(name, name, circuit.gnd, plus, minus, voltage_gain=gain)

    def add_switch(self, name: str, plus: str, minus: str, *, r_on: float, r_off: float = _R_OFF) -> None:
        """A switch between two nodes.

        Parameters
        ----------
        name : str
            Name of the switch and of its model.
        plus, minus : str
            The nodes that it connects.
        r_on, r_off : float
            Resistance when it is closed and when it is open [ohm].
        """
        self._circuit.S(name, plus, minus, self._name, self._circuit.gnd, model=name)
        self._circuit.model(name, "sw", **self._model, ron=r_on, roff=r_off)

    def add_spike_output(self, node: str = "spike") -> None:
        """A node at 1 V while the switches are closed and at 0 V otherwise.

        A discharge may be over within one time point, so the membrane voltage need not show the threshold.

        Parameters
        ----------
        node : str
            Name of the node.
        """
        self._circuit.V(f"{node}_high", f"{node}_high", self._circuit.gnd, 1.0)
        self.add_switch(node, f"{node}_high", node, r_on=1e-3)
        self._circuit.R(node, node, self._circuit.gnd, _R_PULL)
        vars(self._circuit).setdefault("logic_nodes", set()).add(node)
