"""The latent quality of frozen encoders, with certificates."""

from empirical.quality.frozen_encoder import (
    Features,
    FittedHead,
    centred_loss,
    empirical_risk,
    latent_quality,
    optimality_gap,
    population_risk,
    quality_gap,
)

__all__ = [
    "Features",
    "FittedHead",
    "centred_loss",
    "empirical_risk",
    "latent_quality",
    "optimality_gap",
    "population_risk",
    "quality_gap",
]


def __dir__() -> list[str]:
    return list(__all__)
