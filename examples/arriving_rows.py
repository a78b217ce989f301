"""
Rows that arrive: stop when you like
====================================

Most intervals hold for one sample size, fixed in advance. Looking after each batch and stopping
at the first success breaks them. ``arriving`` yields certificates that hold all at once, so that
stopping early is allowed.
"""

import matplotlib.pyplot as plt
import numpy as np

import multimodal_bounds as mb

rng = np.random.default_rng(1)
batches = [(rng.random(25) < 0.20, rng.random(25) < 0.30) for _ in range(60)]
found = list(mb.arriving(iter(batches), C=1, stop=False))

rows = np.array([each.rows for each in found])
low, high = (np.array([getattr(each, end) for each in found]) for end in ("low", "high"))
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.fill_between(rows, low, high, color="#56B4E9", alpha=0.5, label="certified, all at once")
ax.plot(rows, [each.gap for each in found], color="#0072B2", label="mean of the rows so far")
ax.axhline(-0.1, color="black", linestyle="--", linewidth=1, label="the truth")
ax.axhline(0, color="black", linewidth=0.8)
ax.set(xlabel="rows so far", ylabel="loss of M minus that of N", ylim=(-0.5, 0.3))
ax.legend()

# %%
decided = next(each for each in found if each.verdict != "cannot tell")
print(f"decided after {decided.rows} rows: {decided.verdict}")
