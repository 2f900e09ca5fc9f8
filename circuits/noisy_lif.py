"""A leaky neuron with white noise: its rate against Siegert's formula, and one path of the noise in Python and in ngspice.

Run it: ``python circuits/noisy_lif.py``. The mean current alone does not reach the threshold: every spike is the noise's.
"""

import math

import numpy as np
from scipy import integrate, special

import neuromorph as nm

CURRENT = 80e-6  # [A]: 0.8 V, the threshold is at 1 V
PATH = {"t_stop": 40e-3, "seed": 3, "dt": 20e-6}  # [s]


def design() -> nm.LIF:
    """A membrane of 1 ms whose voltage, without a threshold, would have a standard deviation of 0.45 V."""
    return nm.LIF(capacitance=100e-9, r_leak=10e3, v_th=1.0, t_refractory=0.2e-3, noise_current=2e-6)


def working_point() -> nm.WorkingPoint:
    """The mean current [A], for some hundred membrane time constants."""
    return nm.WorkingPoint(nm.Constant(value=CURRENT), t_stop=0.1)


def siegert_rate(neuron: nm.LIF, current: float) -> float:
    """Mean rate [Hz] under a mean current [A], in closed form (A. Siegert 1951)."""
    tau_m = neuron.r_leak * neuron.capacitance
    mean = neuron.v_rest + neuron.r_leak * current
    spread = neuron.noise_current / neuron.capacitance * math.sqrt(tau_m)
    low, high = ((v - mean) / spread for v in (neuron.v_reset, neuron.v_th))
    integral, _ = integrate.quad(lambda u: special.erfcx(-u), low, high)
    return 1 / (neuron.t_refractory + tau_m * math.sqrt(math.pi) * integral)


def rate(neuron: nm.LIF, current: float, dt: float, crossings: str, n: int = 4000) -> float:
    """Rate [Hz] of many neurons with steps of `dt` [s], after a tenth of 0.1 s."""
    solver = nm.EulerMaruyama(dt=dt, crossings=crossings)
    spikes = nm.simulate_batch(neuron, current, 0.1, n, solver=solver, seed=1).spikes
    return float(nm.analysis.firing_rates(spikes, 10e-3, 0.1).mean())


def one_path(neuron: nm.LIF, current: float) -> nm.CrossValidation:
    """The same noise, sample by sample, in the equations and in the circuit."""
    drive = nm.Constant(value=current)
    pair, drives = nm.frozen_noise(neuron, drive, **PATH)
    return nm.cross_validate(pair, drives, PATH["t_stop"])


def draw(check: nm.CrossValidation, rates: dict[str, list[float]], steps: list[float], exact: float) -> None:
    """The path on both roads, and the rate over the step."""
    from neuromorph.plots.figures import ACCENT, CANDIDATE, REFERENCE, new_figure, save_figure

    figure, (path, error) = new_figure(2, size=(9.0, 7.0))
    for recording, color, width in ((check.reference, REFERENCE, 2.2), (check.candidate, CANDIDATE, 0.9)):
        engine = recording.provenance["engine"]
        path.plot(recording.time * 1e3, recording["v_mem"], color=color, linewidth=width, label=engine)
    path.set_xlim(0, 10)  # [ms], a quarter of it
    path.set_xlabel("time [ms]")
    path.set_ylabel("membrane voltage [V]")
    path.set_title("one path of noise on both roads", loc="left", fontsize="medium")
    path.legend(frameon=False, loc="lower right", ncols=2)
    for (crossings, values), color in zip(rates.items(), (CANDIDATE, REFERENCE, ACCENT), strict=True):
        error.plot(np.sqrt(np.array(steps) * 1e6), values, "o-", color=color, label=crossings)
    error.axhline(exact, color="0.4", linestyle=":", label="Siegert")
    error.set_xlim(left=0)
    error.set_xlabel("square root of the step [us^0.5]")
    error.set_ylabel("rate [Hz]")
    error.set_title("how crossings inside a step are found", loc="left", fontsize="medium")
    error.legend(frameon=False, ncols=4)
    save_figure(figure, "noisy_lif.png")


def main() -> None:
    """Rates for three ways to find a crossing and three steps, beside the closed form; then one path on both roads."""
    neuron, steps = design(), [10e-6, 20e-6, 40e-6]
    exact = siegert_rate(neuron, CURRENT)
    print(f"Siegert's formula: {exact:.2f} Hz; relative error of the rate with steps of 10, 20, 40 us:")
    rates = {c: [rate(neuron, CURRENT, dt, c) for dt in steps] for c in ("grid", "interpolated", "bridge")}
    for crossings, values in rates.items():
        print(f"  {crossings:13}", "".join(f"{100 * (value / exact - 1):+8.2f} %" for value in values))
    extrapolated = 2 * rates["bridge"][0] - rates["bridge"][1]
    print(f"  bridge, extrapolated to no step {100 * (extrapolated / exact - 1):+.2f} %\n")
    check = one_path(neuron, CURRENT)
    print(check.summary())
    draw(check, rates, steps, exact)


if __name__ == "__main__":
    main()
