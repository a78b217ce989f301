"""Every claim, in one explicit tuple: the theorems, what is believed, and planted falsehoods.

A truth and a falsehood differ in one field: `alteration`, or a source whose world drops an assumption.
"""

from __future__ import annotations

from functools import partial

from bounds import catalogue
from verify.claims.claim import Claim, Source
from verify.claims.evidence import broken, crossover, exact, linear
from verify.claims.evidence import exact_heads as heads
from verify.claims.evidence import latent_quality as quality
from verify.claims.evidence import networks as trained
from verify.claims.evidence import rates as order

TWO_DELTAS = (0.9, 0.05)
"""At δ = 0.9 a theorem may fail on many samples, and its terms are smallest."""

SCALAR_GAPS: tuple[Source, ...] = (
    *exact.GAPS, *exact.LEARNED["gap"], *linear.GAPS, linear.DISJOINT, trained.TEACHER_GAPS[0],
)  # fmt: skip
VECTOR_GAPS: tuple[Source, ...] = (*exact.GAPS, *trained.TEACHER_GAPS, trained.DIGITS_SAME)
SHARP_GAPS: tuple[Source, ...] = (*SCALAR_GAPS, trained.TEACHER_GAPS[1], trained.DIGITS_SAME)
SCALAR_QUALITIES: tuple[Source, ...] = (
    *exact.QUALITIES, *exact.LEARNED["quality"], *linear.QUALITIES, trained.TEACHER_QUALITIES[0],
)  # fmt: skip
VECTOR_QUALITIES: tuple[Source, ...] = (
    *exact.QUALITIES, *trained.TEACHER_QUALITIES, trained.DIGITS_QUALITY,
)  # fmt: skip

THEOREM_SOURCES: dict[str, tuple[Source, ...]] = {
    "risk_gap.paper": SCALAR_GAPS,
    "risk_gap.paper_absolute": (*exact.GAPS, *exact.LEARNED["gap"], *linear.GAPS),
    "risk_gap.paper_vector": VECTOR_GAPS,
    "risk_gap.sharp": SHARP_GAPS,
    "risk_gap.data_dependent": (exact.SEEN_COMPLEXITY, *linear.GAPS),
    "risk_gap.split_sample": (heads.SPLIT, trained.DIGITS_FRESH),
    "risk_gap.fast_rate": (heads.FAST, trained.RANDOM_FEATURES, trained.DIGITS_FREE),
    "risk_gap.fast_rate_in_advance": (heads.FAST, trained.RANDOM_FEATURES, trained.DIGITS_FREE),
    "latent_quality.paper": SCALAR_QUALITIES,
    "latent_quality.paper_vector": VECTOR_QUALITIES,
    "latent_quality.sharp": (
        *SCALAR_QUALITIES, trained.TEACHER_QUALITIES[1], trained.DIGITS_QUALITY,
    ),
    "modality_gain.rate": (*exact.GAPS, *linear.GAPS),
    "modality_gain.bound_gap": (order.COMPARED,),
    "nested_quality.full_latent": (quality.PROOF, quality.FULL),
}  # fmt: skip
"""Where each theorem of the catalogue is checked; a key that is missing fails a test."""


def _theorem(key: str) -> Claim:
    theorem = catalogue.find(key)
    return Claim(
        id=key,
        section="theorem",
        text=theorem.title,
        expected="supported",
        sources=THEOREM_SOURCES[key],
        theorem=key,
        # Without δ in the statement there is one test for each m.
        delta=TWO_DELTAS if "delta" in theorem.inputs else (0.05,),
    )


THEOREMS = tuple(_theorem(key) for key in THEOREM_SOURCES)

true = partial(Claim, expected="supported")
false = partial(Claim, expected="refuted")

RATES = (
    true(
        "complexity.order", "heuristic", "C(F_N) ≤ C(F_M) for N ⊂ M", sources=order.NESTED,
    ),
    true(
        "rate.complexity", "heuristic", "R_m(F) falls like 1/√m: slope −½ within 0.01",
        sources=order.SLOPES,
    ),
    true(
        "rate.worst_case", "heuristic",
        "M’s mean excess can fall as slowly as 1/√m: slope −½ within 0.01",
        sources=(order.WORST_SLOPE,),
    ),
    true(
        "rate.fixed_world", "heuristic",
        "M’s mean excess falls at least as fast as 1/√m: slope at most −½",
        sources=(order.FIXED_SLOPE,),
    ),
    false(
        "crossover.popular", "heuristic",
        "M’s representation is better wherever m ≥ m*, in the popular form without 4L",
        sources=crossover.POPULAR,
    ),
    false(
        "crossover.own", "heuristic",
        "M’s representation is better wherever m ≥ m*, in Theorem 2’s own form with 4L",
        sources=crossover.OWN,
    ),
)  # fmt: skip

BELIEFS = (
    true(
        "belief.more_is_better.kept", "belief",
        "more modalities, better η, where the encoder keeps everything visible",
        sources=(quality.KEPT,),
    ),
    false(
        "belief.more_is_better.always", "belief", "more modalities, better η",
        sources=(*exact.LEARNED["gamma"], trained.TEACHER_GAMMA),
    ),
    true(
        "belief.more_is_better.digits", "belief",
        "more modalities, better η, on at least 95 % of the samples",
        sources=(trained.DIGITS_GAMMA,), level=0.05,
    ),
    true(
        "belief.overlap.mixing", "belief", "the higher the overlap, the better η",
        sources=(quality.MIXING, quality.TWO_COPIES),
    ),
    false(
        "belief.overlap.always", "belief", "the higher the overlap, the better η",
        sources=(quality.THREE_COPIES,),
    ),
    true(
        "belief.few_samples.weak", "belief", "few samples favour fewer modalities, on most samples",
        sources=(quality.FEW,), level=0.5,
    ),
    true(
        "belief.many_samples.weak", "belief", "many samples favour more modalities, on most samples",
        sources=(quality.MANY,), level=0.5,
    ),
    false(
        "belief.few_samples.always", "belief", "few samples favour fewer modalities, on most samples",
        sources=(quality.FEW_XOR,), level=0.5,
    ),
)  # fmt: skip

XOR_ONE_BOTH = exact.GAPS[1]
COIN = exact.GAPS[8]
XOR_QUALITY_ONE = exact.QUALITIES[1]

PLANTED = (
    false(
        "planted.no_terms", "planted", "Theorem 1", theorem="risk_gap.paper", alteration="no terms",
        sources=(linear.JUNK, COIN),
    ),
    false(
        "planted.gamma_flipped", "planted", "Theorem 1", theorem="risk_gap.paper",
        alteration="gamma flipped",
        sources=(exact.at(XOR_ONE_BOTH, "exact/xor/one-both/planted", 400, 1600, 6400),),
    ),
    false(
        "planted.rate", "planted", "Theorem 1", theorem="risk_gap.paper", alteration="rate 1/m",
        sources=(exact.at(COIN, "exact/coin/both-one/planted", 1600, 6400),), delta=(0.01,),
    ),
    false(
        "planted.confidence_rate", "planted", "Theorem 1", theorem="risk_gap.paper",
        alteration="confidence 1/m", sources=(heads.TWO_FUNCTIONS,), delta=(2e-4,),
    ),
    false(
        "planted.no_empirical_loss", "planted", "Theorem 2", theorem="latent_quality.paper",
        alteration="no empirical loss",
        sources=(exact.at(XOR_QUALITY_ONE, "exact/xor/quality-one/planted", 6400),),
    ),
)  # fmt: skip


def _without(
    assumption: str, theorem: str, sources: tuple[Source, ...], how: str, name: str = ""
) -> Claim:
    """A theorem where one of its assumptions is dropped."""
    of = {"risk_gap": "theorem_1", "latent_quality": "theorem_2", "nested_quality": "linear_case"}
    return Claim(
        id=f"without.{assumption}.{name or of[theorem.partition('.')[0]]}",
        section="assumption",
        text=f"{catalogue.find(theorem).title}, {how}",
        expected="refuted",
        sources=sources,
        theorem=theorem,
        drops=assumption,
    )


ONE, TWO = "risk_gap.paper", "latent_quality.paper"

NEEDED = (
    _without("iid", ONE, (heads.REPEATED,), "for repeated rows counted as m"),
    _without("iid", TWO, (heads.QUALITY_REPEATED,), "for repeated rows counted as m"),
    _without("bounded_loss", ONE, (broken.NOMINAL_C,), "with a nominal C that the loss exceeds"),
    _without(
        "bounded_loss", TWO, (broken.QUALITY_NOMINAL_C,), "with a nominal C that the loss exceeds"
    ),
    _without("lipschitz_loss", ONE, (broken.NOMINAL_L,), "with a nominal L that the loss exceeds"),
    _without(
        "lipschitz_loss", TWO, (broken.QUALITY_NOMINAL_L,), "with a nominal L that the loss exceeds"
    ),
    _without("erm", ONE, (heads.RANDOM_HEAD,), "for a head that does not minimise r̂"),
    _without("fixed_class", ONE, (broken.AFTER_SAMPLE,), "for a class chosen with S in hand"),
    _without(
        "fixed_class", TWO, (broken.QUALITY_AFTER_SAMPLE,), "for a class larger than the one paid for"
    ),
    _without(
        "independent_split", "risk_gap.split_sample", (broken.SAME_SAMPLE,),
        "for a head fitted on the encoder’s own sample", "split_sample",
    ),
    _without(
        "full_latent", "nested_quality.full_latent", (quality.NARROW,),
        "for a latent space narrower than the features",
    ),
    _without(
        "nested", "nested_quality.full_latent", (quality.NOT_NESTED,), "for N not inside M"
    ),
)  # fmt: skip

NOT_NEEDED = (
    true(
        "without.realizable.theorem_2", "assumption",
        "Theorem 2, sharp, for a reference outside the class or no better than a coin",
        theorem="latent_quality.sharp",
        sources=(exact.REFERENCE["theorem"], *exact.QUALITIES[1:4:2]),
        drops="realizable", delta=TWO_DELTAS,
    ),
    true(
        "without.erm.theorem_2", "assumption",
        "Theorem 2, sharp, for a pair that minimises nothing",
        theorem="latent_quality.sharp", sources=(exact.ANY_PAIR,), drops="erm", delta=TWO_DELTAS,
    ),
    false(
        "without.realizable.eta", "assumption", "η(ĝ_M) ≥ 0 for any fixed reference",
        sources=(exact.REFERENCE["sign"],), drops="realizable",
    ),
    false(
        "without.realizable.empirical_loss", "assumption", "L̂ ≤ 0 for any class",
        sources=(exact.REFERENCE["loss"],), drops="realizable",
    ),
    true(
        "without.nested.theorem_1", "assumption",
        "Theorem 1, as in the paper, for M inside N and for M and N disjoint",
        theorem="risk_gap.paper", sources=(*exact.GAPS[1::2], linear.DISJOINT), drops="nested",
        delta=TWO_DELTAS,
    ),
    false(
        "without.nested.order", "assumption", "C(F_N) ≤ C(F_M) for N not inside M",
        sources=(order.NOT_NESTED,), drops="nested",
    ),
)  # fmt: skip

CLAIMS: tuple[Claim, ...] = (*THEOREMS, *RATES, *BELIEFS, *PLANTED, *NEEDED, *NOT_NEEDED)
