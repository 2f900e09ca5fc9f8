"""Writing one cell of a crossbar disturbs its neighbours: schemes, devices and wires compared.

Run it: ``python circuits/half_select.py`` writes a cell with pulses under the schemes V/2 and V/3, into devices without a
threshold (MMS) and with one (VTEAM), says how far the other cells move, how a read suffers from sneak paths as an array
grows, and writes ``half_select.png``.
"""

import numpy as np

import neuromorph as nm
from neuromorph.plots import save_figure
from neuromorph.plots.crossbars import plot_half_select

SHAPE, CELL = (16, 16), (3, 11)
WIRES = {"r_word": 2.5, "r_bit": 2.5, "r_driver": 50.0}  # [ohm]
# Voltage of the selected cell [V] and width of a pulse [s], as each device needs them.
DEVICES = {
    "MMS": (nm.MMS(), 0.5, 1e-5),
    "VTEAM": (nm.VTEAM(), 0.9, 2e-2),
}
PULSES = 5


def design(device: str = "MMS") -> nm.Crossbar:
    """An array of devices that are off."""
    model, _, _ = DEVICES[device]
    return nm.Crossbar(nm.DeviceArray(model, np.full(SHAPE, 0.1)), **WIRES)


def disturbed(device: str, scheme: str) -> nm.HalfSelectDisturbance:
    """The array after the pulses on one cell."""
    _, voltage, width = DEVICES[device]
    return nm.half_select_disturbance(design(device), CELL, voltage, width=width, pulses=PULSES, scheme=scheme)


def main() -> None:
    """Disturbance by scheme and device, then read margins by size."""
    print(f"{PULSES} pulses on cell {CELL} of {SHAPE[0]} x {SHAPE[1]} cells: largest shift of a state")
    print(f"{'device':8}{'scheme':8}{'selected':>10}{'word line':>11}{'bit line':>10}{'others':>10}")
    shown = None
    for device in DEVICES:
        for scheme in ("V/2", "V/3"):
            found = disturbed(device, scheme)
            shifts = [found.largest_shift(group)[-1] for group in ("selected", "word_line", "bit_line", "unselected")]
            print(f"{device:8}{scheme:8}{shifts[0]:10.4f}{shifts[1]:11.5f}{shifts[2]:10.5f}{shifts[3]:10.5f}")
            shown = shown or found

    print("\nread margin of the worst cell, (on - off) / on")
    schemes = ("floating", "grounded")
    print(f"{'size':>10}" + "".join(f"{scheme:>12}" for scheme in schemes))
    for size in (4, 8, 16, 32):
        margins = [nm.read_margin((1 / 5e3, 1 / 500e3), (size, size), 0.1, scheme=s, **WIRES).margin for s in schemes]
        print(f"{f'{size} x {size}':>10}" + "".join(f"{margin:12.3f}" for margin in margins))

    assert shown is not None
    save_figure(plot_half_select(shown), "half_select.png")
    print("picture: half_select.png")


if __name__ == "__main__":
    main()
