"""
More modalities, worse representation: the linear counterexample
================================================================

The paper says that in the linear case a superset of modalities never has the worse
representation: γ ≤ 0. That needs an encoder of full rank. With one latent dimension and one
modality of junk, γ is positive with probability 1, at every sample size.
"""

import matplotlib.pyplot as plt
import numpy as np

from bounds.linear_case.counterexample import gap_exceedance

# %%
# y = x₁ + noise, x₂ is junk, M = {1, 2}, N = {1}. The encoder of M is a direction in the plane;
# least squares picks a slightly wrong one, and no head can undo it. The law of γ is known in
# closed form; below it stands beside 20,000 simulated samples.

share = np.geomspace(1e-6, 1, 200)
rng = np.random.default_rng(0)
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for m, colour in ((10, "#D55E00"), (100, "#E69F00"), (1000, "#0072B2")):
    ax.plot(share, gap_exceedance(share, m=m), color=colour, label=f"m = {m}: exact")
    # The least-squares direction: its law, from independent normal and chi-square variables.
    scale = 1 / np.sqrt(rng.chisquare(m - 1, size=20_000))
    a1 = 1 + rng.standard_normal(20_000) * scale
    a2 = rng.standard_normal(20_000) * scale
    gamma = a2**2 / (a1**2 + a2**2)
    dots = share[::20]
    ax.plot(dots, (gamma[:, None] > dots).mean(axis=0), "o", color=colour, markersize=4)
ax.set(xscale="log", xlabel="s", ylabel="P(γ > s)", title="Dots: simulated")
ax.legend()

# %%
# As s falls to 0 all curves tend to 1: γ is positive with probability 1. It shrinks like 1/m and
# never reaches zero.

print(
    "P(γ > 0) at m = 10 and at m = 1,000,000:",
    gap_exceedance(0.0, m=10),
    gap_exceedance(0.0, m=1_000_000),
)
