"""decide.json: everything that was found, as plain values. The page is made from it alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from empirical.modalities import Subset
from verify.decisions import words
from verify.decisions.evidence import Evidence, estimate, normal_interval
from verify.decisions.extrapolation import extrapolate
from verify.decisions.family import Gain
from verify.decisions.recommend import Recommendation, Verdict, reversed_gain
from verify.decisions.trust import assumptions, cautions, theorem
from verify.decisions.worth import Interaction, Share
from verify.report.provenance import plain, provenance

SCHEMA_VERSION = 1


def document(
    evidence: Evidence,
    *,
    gains: Sequence[Gain],
    judged: Sequence[Verdict],
    found: Recommendation,
    shares: Sequence[Share],
    interactions: Sequence[Interaction],
    cheapest: Subset | None,
    margin: float,
    delta: float,
    seed: int,
) -> dict[str, Any]:
    """The content of decide.json; losses and gains are in the metric's units, gains positive if good."""
    subsets = [_subset(evidence, subset) for subset in evidence.losses]
    by_name = {verdict.name: verdict for verdict in judged}
    by_share = {share.name: share for share in shares}
    content = {
        "schema_version": SCHEMA_VERSION,
        "name": evidence.name,
        "recommendation": _recommendation(
            evidence, gains, judged, found, margin=margin, delta=delta
        ),
        "modalities": [
            _modality(evidence, name, by_name.get(name), by_share.get(name), margin)
            for name in evidence.names
        ],
        "task": "regression" if evidence.classes is None else "classification",
        "classes": None if evidence.classes is None else list(evidence.classes),
        "groups": int(evidence.train_units + evidence.holdout_units) if evidence.grouped else None,
        "warnings": [*evidence.warnings, *cautions(evidence)],
        "notes": list(evidence.notes),
        "metric": {
            "name": evidence.metric.name,
            "label": evidence.metric.label,
            "point": evidence.metric.point,
            "higher_is_better": evidence.metric.higher_is_better,
            "treatment": evidence.metric.treatment,
            "range": evidence.largest,
        },
        "margin": margin,
        "delta": delta,
        "seed": seed,
        "certified": {
            "about": evidence.about,
            "method": "betting on differences of losses in an order drawn from the seed; the gains of all"
            " comparisons hold at once with probability 1 - delta",
            "shapley": "the intervals of the Shapley values hold together with probability 1 - delta,"
            " apart from the others",
        },
        "split": {
            "how": evidence.how,
            "trained": evidence.trained,
            "training_rows": evidence.train_rows,
            "holdout_rows": len(evidence.holdout),
            "unit": evidence.unit,
            "training_units": evidence.train_units,
            "holdout_units": evidence.holdout_units,
        },
        "subsets": _with_prices(subsets, evidence),
        "cheapest": None if cheapest is None else list(cheapest),
        "cheapest_sentence": ""
        if cheapest is None
        else words.cheaper_sentence(cheapest, gains, evidence.plan),
        "comparisons": [_comparison(gain) for gain in gains],
        "interactions": [asdict(each) for each in interactions],
        "curves": [{**asdict(each), "subset": list(each.subset)} for each in evidence.points],
        "crossovers": _crossovers(evidence, judged),
        "extrapolations": [
            {
                **asdict(each),
                "subset": list(each.subset),
                "sentence": words.extrapolation_sentence(each, evidence.unit),
            }
            for each in extrapolate(evidence.points)
        ],
        "theorem": theorem(evidence, delta),
        "assumptions": assumptions(evidence),
        "missing": dict(evidence.missing),
        # Without the date: the same rows and seed give the same files.
        "environment": {key: value for key, value in provenance().items() if key != "date"},
    }
    made: dict[str, Any] = plain(content)
    return made


def _recommendation(
    evidence: Evidence,
    gains: Sequence[Gain],
    judged: Sequence[Verdict],
    found: Recommendation,
    *,
    margin: float,
    delta: float,
) -> dict[str, Any]:
    total = f"{words.count(evidence.total)} rows"
    sentence = words.recommendation_sentence(
        found,
        judged,
        favourite=evidence.plan.favourite,
        metric=evidence.metric,
        margin=margin,
        delta=delta,
        size=total,
        unit=evidence.unit,
    )
    gain = found.gain
    if gain is not None and gain.comparison.larger != found.subset:
        gain = reversed_gain(gain)
    return {
        "subset": list(found.subset),
        "against": list(found.against),
        "metric": evidence.metric.name,
        "gap": None if gain is None else gain.gain,
        "low": None if gain is None else gain.low,
        "high": None if gain is None else gain.high,
        "delta": delta,
        "sentence": sentence,
        "estimate": {
            "subset": list(evidence.plan.guess),
            "sentence": words.best_guess(evidence.plan, gains, found),
        },
    }


def _modality(
    evidence: Evidence, name: str, verdict: Verdict | None, share: Share | None, margin: float
) -> dict[str, Any]:
    """One modality; without a verdict no two subsets differ by it alone."""
    gain = None if verdict is None else verdict.gain
    alone, none = evidence.losses.get((name,)), evidence.losses.get(())
    every = evidence.losses.get(evidence.names)
    rest = evidence.losses.get(tuple(n for n in evidence.names if n != name))
    return {
        "name": name,
        "verdict": "undecided" if verdict is None else verdict.verdict,
        "why": words.NO_PAIR if verdict is None else words.why(verdict, margin),
        "gain": None if gain is None else gain.gain,
        "low": None if gain is None else gain.low,
        "high": None if gain is None else gain.high,
        "rows_needed": None if verdict is None else verdict.rows_needed,
        "rows_sentence": "" if verdict is None else words.rows_sentence(verdict),
        "beside": None if gain is None else list(gain.comparison.smaller),
        "n": 0 if gain is None else gain.n,
        "rows": 0 if gain is None else gain.rows,
        "missing_rows": evidence.missing[name],
        "cost": None if evidence.prices is None else evidence.prices[name],
        "alone": estimate(evidence, none, alone),
        "beside_all_others": estimate(evidence, rest, every),
        "shapley": None if share is None else asdict(share),
    }


def _subset(evidence: Evidence, subset: Subset) -> dict[str, Any]:
    losses = evidence.losses[subset]
    found = normal_interval(evidence, losses)
    mean = None if found is None else found["gain"]
    complete = normal_interval(evidence, np.where(evidence.complete, losses, np.nan))
    score = evidence.metric.score
    ends = [None, None] if found is None else sorted((score(found["low"]), score(found["high"])))
    return {
        "subset": list(subset),
        "model": evidence.models[subset],
        "loss": mean,
        "score": None if mean is None else score(mean),
        "score_low": ends[0],
        "score_high": ends[1],
        "rows": int((~np.isnan(losses)).sum()),
        "complete_loss": None if complete is None else complete["gain"],
        "complete_rows": int(evidence.complete.sum()),
        "chosen": subset == evidence.plan.favourite,
        **evidence.extras[subset],
    }


def _with_prices(subsets: list[dict[str, Any]], evidence: Evidence) -> list[dict[str, Any]]:
    """Prices, and whether no cheaper subset has as low a loss, on the same rows (estimates)."""
    if evidence.prices is None:
        return [{**each, "cost": None, "pareto": None} for each in subsets]
    priced = [
        {**each, "cost": sum(evidence.prices[name] for name in each["subset"])} for each in subsets
    ]
    return [
        {
            **each,
            "pareto": each["complete_loss"] is not None
            and not any(
                (other["cost"], other["complete_loss"]) != (each["cost"], each["complete_loss"])
                and other["cost"] <= each["cost"]
                and other["complete_loss"] <= each["complete_loss"]
                for other in priced
            ),
        }
        for each in priced
    ]


def _comparison(gain: Gain) -> dict[str, Any]:
    pair = gain.comparison
    return {
        "role": pair.role,
        "modality": pair.subject or None,
        "larger": list(pair.larger),
        "smaller": list(pair.smaller),
        "gain": gain.gain,
        "low": gain.low,
        "high": gain.high,
        "n": gain.n,
        "rows": gain.rows,
        "low_share": pair.low_share,
        "high_share": pair.high_share,
    }


def _crossovers(evidence: Evidence, judged: Sequence[Verdict]) -> list[dict[str, Any]]:
    """From where on each modality pays, if curves were drawn.

    Where nothing is certified to help, a crossing of two noisy curves is no crossover.
    """
    if not evidence.points:
        return []
    known = {each.name: each for each in evidence.crossovers}
    found = []
    for verdict in judged:
        each = known.get(verdict.name) if verdict.verdict == "helps" else None
        found.append(
            {
                "name": verdict.name,
                "first": None if each is None else each.first,
                "last": None if each is None else each.last,
                "sentence": words.no_crossover(
                    verdict.name, evidence.unit, verdict.verdict == "helps"
                )
                if each is None
                else words.crossover_sentence(each, evidence.unit),
            }
        )
    return found
