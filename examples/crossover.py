"""
The crossover: from how many rows on does a modality pay?
=========================================================

A further modality also makes the class of models larger. With few rows this can cost more than the
modality gains, and with many rows less. Here the whole population is known, so that the crossover
can be computed exactly.

The label follows the first bit in 75 % of the rows if the second bit is 0, and in 95 % if it is
1. The second bit helps, but changes no best guess: its gain is exactly zero in the 0-1 loss. In
the second world it changes one guess out of four.
"""

import matplotlib.pyplot as plt
import numpy as np

import multimodal_bounds as mb
from empirical.worlds.boolean.cellwise import excess_law
from empirical.worlds.boolean.exact import boolean_world

both, one = ("x1", "x2"), ("x1",)
worlds = {
    "the second bit changes no guess": boolean_world(both, [[0.25, 0.05], [0.75, 0.95]]),
    "the second bit changes one guess in four": boolean_world(both, [[0.25, 0.6], [0.75, 0.95]]),
}

# %%
# For every sample size, the law of the risk gap r(M) - r(N) over all samples is computed, not
# drawn. Its mean says whether training with both bits (M) is better on average than with the
# first alone (N).

sizes = np.unique(np.geomspace(4, 1000, 16).round().astype(int))
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for colour, (name, world) in zip(("#D55E00", "#0072B2"), worlds.items(), strict=True):
    gamma = world.latent_quality(both) - world.latent_quality(one)
    laws = [excess_law(world, both, one, int(m)) for m in sizes]
    gaps = [law.probabilities @ law.values + gamma for law in laws]
    ax.plot(sizes, gaps, "o-", color=colour, label=f"{name} (γ = {gamma:.3f})")
    ax.axhline(gamma, color=colour, linestyle=":", linewidth=1)
ax.axhline(0, color="black", linewidth=0.8)
ax.set(xscale="log", xlabel="m, rows of the sample", ylabel="mean of r(M) - r(N)")
ax.set_title("Below zero the further modality pays")
ax.legend()

# %%
# Popular accounts have a formula for this sample size, m*: where two *upper bounds* are equal. With
# the true values of the second world, in the popular form and with the factor 4L that it drops:

m = 100
known = {
    "C_M": m * world.rademacher_complexity(both, m).high ** 2,
    "C_N": m * world.rademacher_complexity(one, m).high ** 2,
    "L_hat_M": 0.0,
    "L_hat_N": -gamma,
}
print("popular form: m* =", round(float(mb.modality_gain.crossover(**known))))
print("with 4L:      m* =", round(float(mb.modality_gain.crossover(**known, L=1.0))))

# %%
# The first curve falls to zero and not below: the further modality gains nothing. The second one
# crosses near m = 12. In this world the popular form comes near, and the one with 4L is far off. The
# criterion compares two upper bounds and is a heuristic: the page on the ledger says how often it is
# right.
