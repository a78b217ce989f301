"""The power of the ledger: how small the terms of a theorem may be before a test refutes them."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from bounds import catalogue
from empirical.quality.fast_rate import constants, whiten
from empirical.quality.frozen_encoder import Features
from verify.claims.alterations import Alteration
from verify.claims.claim import Claim
from verify.claims.evidence import power
from verify.claims.judge import finding
from verify.claims.ledger import THEOREM_SOURCES, THEOREMS, TOO_FEW_TERMS
from verify.claims.limits import LIMITS, limit
from verify.claims.power import chosen_for_power
from verify.claims.run import decide

POWER_SOURCES = {
    key: chosen_for_power(sources)
    for key, sources in THEOREM_SOURCES.items()
    if chosen_for_power(sources)
}
# How near the limit the largest of the worlds is; the fast rate nears its own like m^(-1/4). One stake
# pays sqrt(2 ln(1/delta)) where a sum of fair signs needs a normal quantile: 1.64/2.45 at delta = 0.05.
AT_LEAST = {
    "risk_gap.fast_rate": 0.96,
    "risk_gap.fast_rate_in_advance": 0.95,
    "risk_gap.held_out": 0.65,
    # ln(m + 1), and ln(2 sqrt(m)), beside a relative entropy of 690.
    "pac_bayes.kl": 0.975,
    "pac_bayes.maurer": 0.98,
    "pac_bayes.mcallester": 0.985,
}


@pytest.fixture(scope="module")
def decided():
    chosen = [
        replace(claim, sources=POWER_SOURCES[claim.theorem])
        for claim in THEOREMS
        if claim.theorem in POWER_SOURCES
    ]
    return {each.claim.theorem: each for each in decide(chosen, workers=1)}


def test_every_theorem_with_terms_has_worlds_for_power():
    """But for the difference of two bounds, an identity: every multiple but 1 is false at once."""
    with_terms = {
        theorem.key
        for theorem in catalogue.THEOREMS
        if any(t.expression != 0 and not t.measured and t.name != "slack" for t in theorem.terms)
    }
    assert set(POWER_SOURCES) == with_terms - {"modality_gain.bound_gap"}


@pytest.mark.parametrize("key", POWER_SOURCES)
def test_power_is_near_its_limit_and_the_theorem_holds(decided, key):
    found = decided[key]
    assert found.verdict == "supported"
    share = limit(key).share
    assert AT_LEAST.get(key, 0.99) * share < found.strongest.caught < share


@pytest.mark.parametrize("key", POWER_SOURCES)
def test_just_below_its_power_a_theorem_is_refuted_and_at_its_limit_it_is_not(decided, key):
    best = decided[key].strongest
    source = next(s for s in POWER_SOURCES[key] if s.name == best.source)
    facts = source.facts(best.m)

    def with_part(part):
        altered = Alteration("part", "with a part of its terms", scale=lambda name, m: part)
        claim = Claim("x", "power", "", "refuted", (source,), key, altered)
        return finding(claim, source, facts, best.m, best.delta).verdict

    assert with_part(best.caught * (1 - 1e-6)) == "refuted"
    assert with_part(limit(key).share) == "supported"


def test_every_theorem_with_too_few_terms_is_refuted():
    assert {each.claim.id: each.verdict for each in decide(TOO_FEW_TERMS, workers=1)} == {
        claim.id: "refuted" for claim in TOO_FEW_TERMS
    }
    parts = {(claim.theorem, claim.alteration.name) for claim in TOO_FEW_TERMS}
    assert {key for key, part in parts if part == "terms /10"} == set(POWER_SOURCES)
    assert {key for key, part in parts if part == "terms /3"} == {
        key for key in POWER_SOURCES if limit(key).share > 1 / 3
    }


def part_caught(theorem, term, source, delta):
    """The largest multiple of one term alone that is refuted, in steps of 0.005; 0 if none is."""
    (m,) = source.m[-1:]
    facts = source.facts(m)

    def refuted(part):
        altered = Alteration("part", "one", scale=lambda name, m: part if name == term else 1.0)
        claim = Claim("x", "power", "", "refuted", (source,), theorem, altered)
        return finding(claim, source, facts, m, delta).verdict == "refuted"

    tried = [part / 200 for part in range(201) if refuted(part / 200)]
    assert tried == [part / 200 for part in range(len(tried))]
    return max(tried, default=0.0)


@pytest.mark.parametrize(
    ("theorem", "term", "source", "delta", "part"),
    [
        # 1/(4R) less what the confidence term takes, both with √m in the denominator.
        ("risk_gap.sharp", "complexity", power.ONE_OUTPUT[0], 0.05, 0.996),
        ("latent_quality.sharp", "complexity", power.QUALITY, 0.05, 0.997),
        # (3.71 − 2/√π)/√(2 ln 10⁴), where 3.71 is the 1 − 1.02 · 10⁻⁴ quantile of a normal law.
        ("risk_gap.sharp", "confidence", power.rare, 2e-4, 0.602),
        # 3.54/√(2 ln 5000).
        ("latent_quality.sharp", "confidence", power.one_function, 2e-4, 0.857),
        # What the paper's forms give away hides any change of one term.
        ("risk_gap.paper", "confidence", power.rare, 2e-4, 0.0),
        ("risk_gap.paper", "centring", power.ONE_OUTPUT[0], 0.05, 0.0),
    ],
)
def test_power_for_one_term_alone(theorem, term, source, delta, part):
    assert part_caught(theorem, term, source, delta) == pytest.approx(part, abs=0.006)


# ---- limits


@pytest.mark.parametrize("key", LIMITS)
def test_the_share_of_the_terms_that_is_enough(key):
    """Own terms times the share are at least those of the sharper theorem, which is a theorem.

    At the largest complexity of the losses that contraction allows, L R or √2 L R^c, and with R = R_M, the
    least that R may be.
    """
    most = limit(key)
    theorem, sharper = catalogue.find(key), catalogue.find(most.sharper)
    for R, C, L, m, delta in itertools.product(
        (0.0, 0.01, 0.5, 30.0),
        (0.1, 1.0, 7.0),
        (0.2, 1.0, 5.0),
        (1, 10, 10**6),
        (1e-9, 0.05, 0.999),
    ):
        known = dict(C=C, L=L, m=m, delta=delta, gamma=0.0, L_hat=0.0)
        known |= dict(R_M=R, R_abs_M=R, R_vector_M=R, R=R, R_vector=R, C_M=m * R**2)
        known["R_loss"] = L * R * (math.sqrt(2) if "vector" in key else 1)
        own, needed = (
            float(t.evaluate(**{name: known[name] for name in t.arguments if name in known}).total)
            for t in (theorem, sharper)
        )
        assert most.share * own >= needed * (1 - 1e-12)


def test_a_limit_of_one_needs_no_reason_but_the_theorem():
    assert {key for key in POWER_SOURCES if limit(key).share == 1} == {
        f"risk_gap.{form}"
        for form in (
            "sharp",
            "data_dependent",
            "split_sample",
            "fast_rate",
            "fast_rate_in_advance",
            "fast_rate_mixture",
            "held_out",
        )
    } | {"latent_quality.sharp", *(key for key in POWER_SOURCES if "pac_bayes" in key)}


# ---- the worlds themselves


def test_wide_outputs_by_enumeration():
    """Three outputs, m₂ = 2: constants and excess of all 36 samples, as the library measures them.

    Two examples share an output with probability 1/3, and the bound used is m₂ (m₂ − 1)/(2c) = 1/3.
    """
    c, m_head = 3, 2
    axes = np.concatenate([np.eye(c), -np.eye(c)])
    features = Features(
        torch.ones(1, 1, 2 * c, dtype=torch.float64),
        torch.as_tensor(axes.T),
        radius=1.0,
        loss="least-squares",
    )
    found = constants(whiten(features))
    values = {name: float(getattr(found, name)) for name in ("V", "v_norm", "v_max", "leverage")}
    # The largest eigenvalue is certified from above.
    assert values == pytest.approx({"V": 1, "v_norm": 1 / c, "v_max": 1, "leverage": 1}, rel=1e-4)
    excess = [
        float(((axes[i] + axes[j]) ** 2).sum()) / m_head**2
        for i, j in itertools.product(range(2 * c), repeat=m_head)
    ]
    assert np.mean(np.isclose(excess, 1 / m_head)) == pytest.approx(1 - 1 / 3)
    assert max(excess) <= 1


def test_facts_of_the_worlds():
    wide = power.wide_outputs.facts(100)
    assert wide.known["V"] == 1.0
    assert wide.weights[0] == pytest.approx(1 - 0.99 / 2e6, rel=1e-12)
    assert float(wide.lhs.low[0]) == 0.01
    # Two fair signs: their mean is −1, 0 or 1.
    one = power.one_output.facts(2)
    assert one.lhs.low.tolist() == [1.0, 0.0, 1.0]
    assert one.weights == pytest.approx([0.25, 0.5, 0.25])
    half = power.ONE_OUTPUT[0].facts(2)
    # Two of the three kinds of samples have at least one of two examples in the half.
    assert half.weights == pytest.approx([0.25, 0.75])
    assert power.sample.facts(2).lhs.low.tolist() == [0.0, 1.0, 1.0]
    two = power.TWO_OUTPUTS[0].facts(100).known
    assert two["R_vector_M"].high < two["R_loss"].low
