"""What the abstract on Euler-Maruyama says, and the numbers that decide."""

from __future__ import annotations

from collections.abc import Iterator

from neuromorph.reproduce.claim import AS_PRINTED, NOT, READING, Claim
from neuromorph.reproduce.euler_maruyama.studies import Studies

VALUES = (
    "The abstract gives no values; here three layers, tau_m 10 ms, tau_s 5 ms, mu 130, 85 and 85/s, noise 20/s/sqrt(ms), weight "
    "40/s, 50 ms."
)
"""The reading of the network."""


def claims_of(studies: Studies) -> list[Claim]:
    """Every statement with its number.

    Parameters
    ----------
    studies : Studies
        What was simulated (SI units).

    Returns
    -------
    list of Claim
        Orders and exponents (pure numbers).
    """
    return [*_strong(studies), *_events(studies), *_weak(studies), *_crossings(studies), *_lyapunov(studies)]


def _strong(studies: Studies) -> Iterator[Claim]:
    strong = studies.grid.strong
    for layer in (1, 2, 3):
        order = strong[f"v_{layer}"].order
        yield Claim(
            figure="strong",
            claim="The mean-square error is h times polylogarithmic factors: strong order 1/2 up to logarithms.",
            measure=f"strong order of V, layer {layer}, all paths",
            value=order.value,
            low=0.4,
            high=0.6,
            verdict=READING,
            why=f"{VALUES} Standard error {order.standard_error:.2g}. Between the reset of the one and of the other, V differs by 1.",
        )
    order = strong["i_1"].order
    yield Claim(
        figure="strong",
        claim="Numerical error is concentrated at event times.",
        measure="strong order of I, layer 1, which no spike enters",
        value=order.value,
        low=0.95,
        high=1.05,
        verdict=AS_PRINTED,
        why=f"Additive noise alone has order 1; the reference at h/16 adds 0.02. Standard error {order.standard_error:.2g}.",
    )
    for layer in (2, 3):
        order = strong[f"i_{layer}"].order
        yield Claim(
            figure="strong",
            claim="Numerical error is concentrated at event times.",
            measure=f"strong order of I, layer {layer}, where spikes enter",
            value=order.value,
            low=0.4,
            high=0.6,
            verdict=READING,
            why=f"A late spike shifts a jump of I: order 1/2, as in V. Standard error {order.standard_error:.2g}.",
        )


def _events(studies: Studies) -> Iterator[Claim]:
    order = studies.grid.mismatch["any"].order
    yield Claim(
        figure="strong",
        claim="Paths with other numbers of spikes form a bad set whose contribution is of the order of h.",
        measure="order of P(number of spikes differs), any layer",
        value=order.value,
        low=0.7,
        high=1.3,
        verdict=READING,
        why=f"{VALUES} Standard error {order.standard_error:.2g}.",
    )
    for found, resets in ((studies.grid, "at the end of the step"), (studies.interpolated, "interpolated")):
        order = found.spike_times["all"].order
        yield Claim(
            figure="strong",
            claim="On the good set, the spike-time error is the local Euler-Maruyama error h**(1/2)/A.",
            measure=f"order of median spike-time error, resets {resets}",
            value=order.value,
            low=0.9,
            high=1.1,
            verdict=NOT,
            why="It is of order 1, which is better: noise enters V only through I, whose error is of order 1, and V integrates "
            "it. h**(1/2)/A is a bound, not the size.",
        )


def _weak(studies: Studies) -> Iterator[Claim]:
    for layer in (1, 2, 3):
        order = studies.weak.weak[f"v_{layer}"].order
        yield Claim(
            figure="weak",
            claim="The weak error is O(T h).",
            measure=f"weak order of the time mean of V, layer {layer}",
            value=order.value,
            low=0.8,
            high=1.2,
            verdict=READING,
            why=f"{VALUES} Resets at the end of the step. Standard error {order.standard_error:.2g}.",
        )
    late, located = (found.weak["v_1"].errors[0].value for found in (studies.grid, studies.interpolated))
    yield Claim(
        figure="weak",
        claim="The weak error has an interior term and a boundary-strip term for spikes.",
        measure="weak error of V, layer 1, interpolated over grid resets",
        value=abs(located / late),
        low=0.0,
        high=0.5,
        verdict=AS_PRINTED,
        why="Of the two, the late reset makes most: where the reset is interpolated, most of the error of the longest step is gone.",
    )


def _crossings(studies: Studies) -> Iterator[Claim]:
    near = studies.crossings.near_tangential
    claim = "The near-tangential probability P(A < a) is O(T a**2)."
    yield Claim(
        figure="A",
        claim=claim,
        measure="exponent of P(A < a), 2 to 10/s",
        value=near.exponent.value,
        low=2.3,
        high=2.8,
        verdict=READING,
        why="The bound holds and is not sharp: an integrated Wiener process hits a barrier with a speed of density a**(3/2) "
        f"(McKean 1963), so that the exponent is 5/2. Standard error {near.exponent.standard_error:.2g}.",
    )
    yield Claim(
        figure="A",
        claim=claim,
        measure="P(A < a)/a**2 at 2/s over that at 10/s",
        value=near.bound_ratio.value,
        low=0.0,
        high=1.0,
        verdict=AS_PRINTED,
        why=f"Below C a**2 with C from 10/s. Standard error {near.bound_ratio.standard_error:.2g}.",
    )


def _lyapunov(studies: Studies) -> Iterator[Claim]:
    for state, found in studies.lyapunov.items():
        assert found.flux is not None
        yield Claim(
            figure="lambda",
            claim="A Lyapunov exponent formula couples the stationary threshold flux to the reset saltation factor.",
            measure=f"{state}: formula minus two trajectories, standard errors",
            value=found.difference,
            low=-4.0,
            high=4.0,
            verdict=READING,
            why=f"{found.flux.value:.2f} and {found.two_trajectories.value:.2f}/s on other paths each, standard errors "
            f"{found.flux.standard_error:.2g} and {found.two_trajectories.standard_error:.2g}/s; without the saltation factor it "
            f"would be {found.flow:.0f}/s. {VALUES}",
        )
