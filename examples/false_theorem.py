"""
A false theorem is refuted
==========================

A check that cannot fail shows nothing. Here Theorem 1 is made false on purpose, by 1/m in the
place of 1/√m, and both statements meet the same samples. Labels are nearly fair coins: there,
gaps of order 1/√m do occur.
"""

import matplotlib.pyplot as plt
import numpy as np

import multimodal_bounds as mb
from empirical.worlds.boolean.exact import near_fair_coin

both, one, delta, trials = ("x1", "x2"), ("x1",), 0.01, 4000
theorem = mb.risk_gap.sharp("12", "1")
rng = np.random.default_rng(0)

# %%
# The false statement divides its terms by √m once more. Both are put to the test where the false
# one claims enough: a bound that is smaller by some number is tested by adding it to the gap.

rows = []
for m in (100, 400, 1600, 6400, 25600):
    world = near_fair_coin(m)
    found = world.measure(world.draw(rng, m, trials), [both, one], ties="worst")
    gap = found[both].population_risk - found[one].population_risk
    R = world.rademacher_complexity(both, m).high
    known = {"gamma": 0.0, "R_loss": R, "C": 1.0, "m": m, "delta": delta}
    terms = float(theorem.evaluate(**known).total)
    smaller = terms / np.sqrt(m)
    rows.append((m, terms, smaller, np.mean(gap > terms), np.mean(gap > smaller)))
    print(f"m = {m}: the theorem {mb.check_theorem(theorem, gap, known).outcome}", end="")
    if m > 100:
        false = mb.check_theorem(theorem, gap + terms - smaller, known, expected="refuted")
        print(f", the false statement {false.outcome}", end="")
    print()

# %%
# How often each is violated, and how often a true theorem may be:

m, terms, smaller, true_rate, false_rate = map(np.array, zip(*rows, strict=True))
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
left.plot(m, terms, "o-", color="#0072B2", label="the theorem: 1/√m")
left.plot(m, smaller, "o-", color="#D55E00", label="the false one: 1/m")
left.set(xscale="log", yscale="log", xlabel="m", ylabel="bound")
left.legend()
right.plot(m, true_rate, "o-", color="#0072B2", label="the theorem")
right.plot(m, false_rate, "o-", color="#D55E00", label="the false one")
right.axhline(delta / 2, color="black", linestyle="--", label="allowed: δ/2")
right.set(xscale="log", xlabel="m", ylabel="share of samples that violate it")
right.legend()

# %%
# The false statement holds at small m, where all terms are large. To refute it takes a world and a
# size at which its terms are small enough. The ledger (``python -m verify claims``) has such a world for
# each of its falsehoods.
