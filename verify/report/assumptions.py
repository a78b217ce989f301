"""What the claims assume, how the study assures it, and how likely a wrong verdict is."""

from __future__ import annotations

from dataclasses import dataclass

from bounds.proofs.assumptions import REALIZABLE
from empirical.complexity.trained_class import MISS
from verify.findings.findings import Findings
from verify.findings.forms import fitting_forms
from verify.report.formats import plain_number
from verify.results.results import Results
from verify.verdicts.coverage import ALPHA


@dataclass(frozen=True)
class Assured:
    """One assumption: "by construction", "certified" or "not met", and why."""

    key: str
    text: str
    assured: str
    detail: str
    theorems: tuple[str, ...]


@dataclass(frozen=True)
class Confidence:
    """The probability of a wrong verdict, and its parts."""

    alpha_per_claim: float
    tests_per_claim: dict[str, int]
    complexity_miss: float
    complexities_charged: int
    measuring: float
    wrong_at_most: float
    note: str


def assumptions(results: Results) -> list[Assured]:
    """Each assumption of the theorems checked, and how this study assures it."""
    design, measurements = results.design, results.measurements
    constants = design.constants
    slack = max(float(measurements.rows(kind).slack.max()) for kind in measurements.kinds)
    assured = {
        "iid": ("by construction", "rows are drawn independently, with replacement"),
        "bounded_loss": (
            "certified",
            f"C = {plain_number(constants.C, digits=4)} from the radii of the class and the clipped inputs",
        ),
        "lipschitz_loss": (
            "certified",
            f"L = {plain_number(constants.L, digits=4)} from the same radii",
        ),
        "erm": (
            "certified",
            "heads are optimal on their sample within the certified slack, at most"
            f" {plain_number(slack)}; encoders need not be, and are trained for {design.steps} steps only",
        ),
        "fixed_class": (
            "by construction",
            f"encoders lie within Frobenius norm {design.cls.encoder_radius:g} and heads within"
            f" {design.cls.head_radius:g}, fixed before any sample; every step is projected",
        ),
        "independent_split": (
            "by construction",
            "heads of the fast-rate forms are fitted on a fresh sample",
        ),
        "least_squares_head": ("by construction", "plain least squares, no radius"),
        "bounded_features": (
            "certified",
            "the population is finite: suprema are maxima over its rows",
        ),
    }
    needed: dict[tuple[str, str], list[str]] = {}
    for form in fitting_forms(design.loss, design.cls.outputs):
        theorem = form.example
        for each in theorem.assumptions:
            needed.setdefault((each.key, each.text), []).append(theorem.title)
    rows = []
    for (key, text), titles in needed.items():
        how, detail = assured.get(key, ("not met", "nothing in this study assures it"))
        rows.append(Assured(key, text, how, detail, tuple(titles)))
    reference = Assured(
        key=REALIZABLE.key,
        text=REALIZABLE.text,
        assured="not met",
        detail="on real data h*∘g* is unknown; one fixed reference function, fitted to the whole"
        f" population, stands for it (risk {plain_number(results.reference_risk, digits=4)}). Theorems 1"
        " and 2 do not need this assumption",
        theorems=(),
    )
    return [*rows, reference]


def confidence(results: Results, found: Findings) -> Confidence:
    """The error probability of counting and of measuring."""
    rows = results.complexities
    charged = int((rows.R_low > 0).sum() + (rows.R_loss_low > 0).sum())
    return Confidence(
        alpha_per_claim=ALPHA,
        tests_per_claim={claim.id: claim.tests for claim in found.claims},
        complexity_miss=MISS,
        complexities_charged=charged,
        measuring=MISS * charged,
        wrong_at_most=ALPHA + MISS * charged,
        note="each claim's tests share alpha (Bonferroni); a Monte Carlo lower end of a"
        " complexity above its trivial value 0 is charged once; risks, slacks and latent qualities"
        " are exact or certified and add nothing",
    )
