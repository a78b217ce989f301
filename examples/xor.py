"""
XOR: two modalities that are useless alone
==========================================

The label is the exclusive or of two fair bits. Given one bit the label is a fair coin; both together
determine it. The whole law of the risk over all samples is known here, and so is every term of the
bound.
"""

import matplotlib.pyplot as plt
import numpy as np

import multimodal_bounds as mb
from empirical.worlds.boolean.cellwise import excess_law
from empirical.worlds.boolean.exact import xor

world = xor()
both, one = ("x1", "x2"), ("x1",)
for subset in (both, one):
    print(
        subset,
        "best risk",
        world.best_risk(subset),
        "latent quality η",
        world.latent_quality(subset),
    )
gamma = world.latent_quality(both) - world.latent_quality(one)

# %%
# Theorem 1 with the exact complexity of all maps of the four cells. Losses are 0 or 1, so C = L =
# 1.

sizes = np.unique(np.geomspace(4, 4000, 30).round().astype(int))
R = np.array([world.rademacher_complexity(both, int(m)).high for m in sizes])
bound = mb.risk_gap.sharp("12", "1").evaluate(gamma=gamma, R_loss=R, C=1.0, m=sizes, delta=0.05)

drawn = sizes[sizes <= 1000]
laws = [excess_law(world, both, one, int(m)) for m in drawn]
mean = np.array([law.probabilities @ law.values for law in laws]) + gamma
worst = np.array([law.values[law.probabilities > 1e-3].max() for law in laws]) + gamma

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(sizes, bound.total, color="#0072B2", label="bound, probability 0.975")
ax.plot(
    drawn, worst, "v", color="black", markersize=4, label="largest gap with probability above 0.001"
)
ax.plot(drawn, mean, "o", color="black", markersize=4, label="mean gap")
ax.axhline(0, color="black", linewidth=0.8)
ax.axhline(gamma, color="#CC79A7", linestyle=":", label=f"γ = {gamma}")
ax.set(xscale="log", ylim=(-0.6, 2.0), xlabel="m", ylabel="r(both) - r(one)")
ax.legend()

# %%
# From about this size on the theorem proves that both bits are better than one:

print("least m with a bound below zero:", sizes[np.asarray(bound.total) < 0][0])
