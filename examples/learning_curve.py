"""
A learning curve, with the bound that proves the gain
=====================================================

Small fusion models are trained on samples of growing size from the digits: M has both upper
quadrants, N one of them. The rows are the population, so every risk is exact. Plain least-squares
heads on samples of their own have a fast-rate bound.
"""

import matplotlib.pyplot as plt
import numpy as np

import multimodal_bounds as mb

data = mb.datasets.digits()
M, N = data.names[:2], data.names[:1]
study = mb.Study(data, pairs=[(M, N)], m=[32, 64, 128, 256], head_m=[2000], trials=12, seed=0)
results = study.run(workers=1)

# %%
# Twelve samples of each size. Marks are their medians, bands their whole range: what was seen,
# and no interval.

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for subset, colour in ((M, "#0072B2"), (N, "#D55E00")):
    risks = [
        results.measurement(setting, subset).population_risk.high
        for setting in results.settings("same")
    ]
    name = " + ".join(subset)
    ax.fill_between(
        study.m, [r.min() for r in risks], [r.max() for r in risks], color=colour, alpha=0.2
    )
    ax.plot(study.m, [np.median(r) for r in risks], "o-", color=colour, label=name)
ax.set(xscale="log", xlabel="m", ylabel="population risk, squared loss")
ax.legend()

# %%
# Does a bound prove the gain? Heads fitted on 2,000 fresh rows, the fast rate by a mixture, one
# entry for each sample:

setting = results.settings("free")[-1]
of_two, of_one = (results.measurement(setting, subset) for subset in (M, N))
gamma = of_two.best_risk.high - of_one.best_risk.low
names = ("V", "v_norm", "v_frobenius", "V_hat", "theta", "inflation", "kappa")
bound = mb.risk_gap.fast_rate_mixture("12", "1").evaluate(
    gamma=gamma, **{name: of_two.noise[name] for name in names}, m_head=setting.m_head, delta=0.05
)
gap = of_two.population_risk.high - of_one.population_risk.low
print("risk gap:", gap.min().round(3), "to", gap.max().round(3))
print("bound:   ", np.min(bound.total).round(3), "to", np.max(bound.total).round(3))
print("samples on which the bound lies below zero:", int(np.sum(bound.total < 0)), "of", len(gap))

# %%
# This is a proof about these rows as the population. Whether the second quadrant pays on new rows
# is for ``mb.decide``.
