"""Where the energy of a run goes, as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuromorph.plots.figures import ACCENT, CANDIDATE, REFERENCE, new_figure, scaled_values

if TYPE_CHECKING:
    from neuromorph.analysis import EnergyBalance


def plot_energy(balance: EnergyBalance) -> Any:
    """Draw an energy balance: what was delivered, what each part dissipated, what is stored.

    Parameters
    ----------
    balance : EnergyBalance
        What to draw.

    Returns
    -------
    matplotlib.figure.Figure
        Energies in J with a prefix.
    """
    rows = [(f"from {name}", value, REFERENCE) for name, value in balance.delivered.items()]
    rows += [(f"in {name}", value, CANDIDATE) for name, value in balance.dissipated.items()]
    rows.append(("stored", balance.stored, ACCENT))
    values = [value for _, value, _ in rows]
    scale, unit = scaled_values(values, "J")
    figure, (ax,) = new_figure(1, size=(8.0, 0.45 * len(rows) + 1.3))
    bars = ax.barh([name for name, _, _ in rows], [v * scale for v in values], color=[color for _, _, color in rows])
    ax.bar_label(bars, fmt="%.3g", padding=3, fontsize="small")
    ax.invert_yaxis()
    ax.margins(x=0.12)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel(f"energy [{unit}]")
    per_spike_scale, per_spike_unit = scaled_values([balance.per_spike] if balance.spike_count else [], "J")
    per_spike = (
        f"{balance.per_spike * per_spike_scale:.3g} {per_spike_unit} per spike" if balance.spike_count else "no spikes"
    )
    ax.set_title(f"{per_spike}, imbalance {balance.imbalance:.1e}", loc="left", fontsize="medium")
    return figure
