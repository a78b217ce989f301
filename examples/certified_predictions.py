"""
Certify predictions of your own models
======================================

Two models that you trained yourself, and rows that neither has seen. Their losses lie in [0, 1]. They
give an interval that contains the mean gap on new rows from the same source with probability 95 %.
Here: digits from the upper left quadrant, and from both upper ones.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import multimodal_bounds as mb

pictures, labels = load_digits(return_X_y=True)
quadrants = pictures.reshape(-1, 8, 8)
left, right = quadrants[:, :4, :4].reshape(-1, 16), quadrants[:, :4, 4:].reshape(-1, 16)
train, held = train_test_split(np.arange(len(labels)), test_size=0.5, random_state=0)


def mistakes(columns):
    """Whether a model that is trained on one half is wrong, row by row, on the other."""
    model = LogisticRegression(max_iter=500).fit(columns[train] / 16, labels[train])
    return model.predict(columns[held] / 16) != labels[held]


wrong_two, wrong_one = mistakes(np.hstack([left, right])), mistakes(left)
found = mb.certify(wrong_two, wrong_one, C=1, delta=0.05)
print(found)

# %%
# How many rows are needed? Smaller hold-outs, drawn from the same rows, show how the interval
# narrows. Each is a certificate of its own.

rng = np.random.default_rng(0)
order = rng.permutation(len(held))
sizes = (30, 50, 80, 130, 200, 300, 450, 600, 899)
smaller = [mb.certify(wrong_two[order[:n]], wrong_one[order[:n]], C=1) for n in sizes]

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for n, each in zip(sizes, smaller, strict=True):
    ax.plot([n, n], [each.low, each.high], color="#0072B2")
    ax.plot(n, each.gap, "o", color="#0072B2", markersize=4)
ax.axhline(0, color="black", linewidth=0.8)
ax.set(xscale="log", xlabel="rows held out", ylabel="loss with two quadrants minus loss with one")
ax.set_title("Below zero: the second quadrant is certified to help")

# %%
# The same losses can be judged for several modalities at once, with a recommendation:
# ``mb.decide(predictions=...)``.

decision = mb.decide(predictions={"left": wrong_one, "left+right": wrong_two}, C=1)
print(decision.recommendation)
