"""The abstract on Euler-Maruyama: what is computed of it, with few paths; that the page says what came out."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.reproduce import PAPERS
from neuromorph.reproduce.euler_maruyama import Sizes, initial_states, lif_chain, reproduce


def test_chain_is_registered_and_states_its_layers():
    assert PAPERS["euler-maruyama"] == "neuromorph.reproduce.euler_maruyama"
    chain = lif_chain()
    assert list(chain.states) == ["v_1", "i_1", "v_2", "i_2", "v_3", "i_3"]
    assert len(chain.transitions) == 3
    assert chain.parameters["noise"] == pytest.approx(0.02 / 1e-3**1.5)
    start = initial_states(20_000, 1)
    # 4.4 standard errors, 2.2 %: a variance of sigma^2 tau in the place of sigma^2 tau / 2 is found always.
    assert start["i_2"].std() == pytest.approx(0.02 * np.sqrt(2.5) * 1e3, rel=0.022)
    assert 0 <= start["v_3"].min() < start["v_3"].max() < 0.9


def test_a_spike_kicks_the_next_layer_and_no_other():
    # Without noise only the first layer is driven above its threshold.
    chain = lif_chain(mu=(130.0, 0.0, 0.0), noise=0.0, weight=40.0)
    recording = nm.simulate(chain, t_stop=20e-3, solver=nm.EulerMaruyama(dt=2.0**-7 * 1e-3), seed=1)
    (spike,) = recording.spikes.times
    assert spike == pytest.approx(10e-3 * np.log(130 / 30), rel=1e-3)
    end = recording["i_2"][-1]
    assert end == pytest.approx(40 * np.exp(-(20e-3 - spike) / 5e-3), rel=2e-3)
    assert not recording["i_3"].any()
    assert not recording["i_1"].any()


@pytest.mark.slow
def test_all_claims_are_made_with_few_paths(tmp_path):
    outcome = reproduce(sizes=Sizes(grid=400, interpolated=400, weak=200, crossings=200, lyapunov=60), workers=2)
    assert len(outcome.claims) >= 15
    assert {claim.figure for claim in outcome.claims} == {"strong", "weak", "A", "lambda"}
    by_measure = {claim.measure: claim for claim in outcome.claims}
    # With so few paths these have standard errors of 0.006 and 0.011, five and six of them inside of their limits. An order of 1/2 is found
    # always.
    assert by_measure["strong order of I, layer 1, which no spike enters"].passed
    assert by_measure["order of median spike-time error, resets interpolated"].passed
    written = outcome.save(tmp_path)
    assert {path.name for path in written} >= {"euler-maruyama.json", "euler-maruyama_orders_weak.png"}
    content = json.loads((tmp_path / "euler-maruyama.json").read_text())
    assert [row["state"] for row in content["lyapunov"]] == ["v_1", "v_2", "v_3"]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_claim_is_within_its_limits(root):
    """At the command's sizes every number is four standard errors or more inside of its limits, so that a right method on another seed fails
    less than once in 1e4 for each. Found with more than 99 %: an order of 1/2 in the place of 1 and the reverse, an exponent of 2 or 3, a
    saltation factor that is left out."""
    outcome = nm.reproduce.reproduce("euler-maruyama")
    assert [claim.measure for claim in outcome.claims if not claim.passed] == []
    # The table of the page.
    page = (root / "docs" / "reproducing_papers.md").read_text("utf-8")
    orders = [c.value for c in outcome.claims if c.figure in ("strong", "weak") and "order" in c.measure]
    assert [f"{order:.3f}" for order in orders if f"| {order:.3f} |" not in page] == []


def test_the_page_says_what_is_demanded(root):
    page = (root / "docs" / "reproducing_papers.md").read_text("utf-8")
    section = page[page.index("## Euler-Maruyama for networks") :]
    rows = re.findall(r"^\| [^|]+ \| ([-.\d]+)[^|]*\| ([-.\d]+) to ([-.\d]+) \|", section, re.MULTILINE)
    assert len(rows) >= 10
    for value, low, high in rows:
        assert float(low) <= float(value) <= float(high)
