"""
A bound's waterfall: which term is the largest?
===============================================

A bound is a sum of named terms. ``plot`` stacks them along any argument and shades where the
total is vacuous; ``solve`` and ``least_sample_size`` go the other way, from a total to an
argument.
"""

import matplotlib.pyplot as plt
import numpy as np

import multimodal_bounds as mb

m = np.unique(np.geomspace(100, 1e6, 80).round())
known = {"gamma": -0.1, "C": 1.0, "m": m, "delta": 0.05}
R = 1.5 / np.sqrt(m)

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
mb.risk_gap.paper("TA", "T").plot(ax=left, R_M=R, L=1.0, **known)
mb.risk_gap.sharp("TA", "T").plot(ax=right, R_loss=R, **known)
for ax in (left, right):
    ax.set_ylim(-0.15, 1.2)

# %%
# The dashed line is γ, what is measured. The stack above it is the price of not knowing the
# population. The gain is proved where the total falls below zero.

for theorem, complexity in (
    (mb.risk_gap.paper("TA", "T"), {"R_M": R, "L": 1.0}),
    (mb.risk_gap.sharp("TA", "T"), {"R_loss": R}),
):
    total = np.asarray(theorem.evaluate(**complexity, **known).total)
    print(f"{theorem.title}: below zero from about m = {m[total < 0][0]:,.0f} on")

# %%
# One bound as bars, at m = 10,000:

value = mb.risk_gap.paper("TA", "T").evaluate(
    gamma=-0.1, R_M=0.015, L=1.0, C=1.0, m=10_000, delta=0.05
)
heights = np.array([float(term) for term in value.terms.values()])
starts = np.concatenate([[0.0], np.cumsum(heights)[:-1]])
fig, ax = plt.subplots(figsize=(7, 3.5), layout="constrained")
ax.bar(
    list(value.terms), heights, bottom=starts, color=["#999999", "#E69F00", "#56B4E9", "#009E73"]
)
ax.bar(["total"], [float(value.total)], color="#0072B2")
ax.axhline(0, color="black", linewidth=0.8)
ax.set(ylabel="bound", title=f"dominant term: {value.dominant}")
