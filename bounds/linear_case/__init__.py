"""The linear case: closed forms, their proof, the counterexample, and its own theorem."""

from bounds.linear_case.closed_form import best_predictor, latent_quality, quality_gap
from bounds.linear_case.proof import Proof, ProofStep, prove_quality_gap
from bounds.linear_case.theorem import full_latent

__all__ = [
    "Proof",
    "ProofStep",
    "best_predictor",
    "full_latent",
    "latent_quality",
    "prove_quality_gap",
    "quality_gap",
]


def __dir__() -> list[str]:
    return list(__all__)
