"""
Why the paper's bound is vacuous at ordinary sample sizes
=========================================================

A loss with values in [0, C] has gaps of at most C. A bound above that is *vacuous*: true, and
empty. Here Theorem 1 is evaluated for a small network with squared loss on ten classes, in the
paper's form and in the sharp form.
"""

import matplotlib.pyplot as plt
import numpy as np

import multimodal_bounds as mb

# %%
# The class: encoders of norm 3, heads of norm 5, rows of norm 1. The constants C and L of the
# loss and the complexity follow from these norms; all are upper bounds that are proved.

outputs, encoder, head = 10, 3.0, 5.0
radius = head * np.sqrt(encoder**2 + 1)
loss = mb.losses.squared(prediction_radius=radius, target_radius=1.0)
m = np.unique(np.geomspace(100, 1e9, 60).round())
R = mb.rademacher.fusion(
    encoder_radius=encoder, head_radius=head, outputs=outputs, mean_square_norm=1.0, m=m
)
common = {"gamma": 0.0, "C": loss.C, "m": m, "delta": 0.05}
paper = mb.risk_gap.paper_vector("TA", "T").evaluate(R_vector_M=R, L=loss.L, **common)
sharp = mb.risk_gap.sharp("TA", "T").evaluate(R_loss=np.sqrt(2) * loss.L * R, **common)

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.axhspan(loss.C, 10 * max(paper.total), color="grey", alpha=0.2, label="vacuous: above C")
ax.plot(m, paper.total, color="#D55E00", label="the paper's form")
ax.plot(m, sharp.total, color="#0072B2", label="the sharp form")
for name, colour in (("complexity", "#CC79A7"), ("confidence", "#009E73")):
    ax.plot(m, paper.terms[name], color=colour, linestyle="--", label=f"the paper's {name} term")
ax.axhline(0.05, color="black", linewidth=0.8, label="a gain of 0.05")
ax.set(xscale="log", yscale="log", xlabel="m", ylabel="bound on the gap, γ = 0")
ax.set_ylim(0.01, 3 * max(paper.total))
ax.legend(fontsize="small", loc="lower left")

# %%
# From which m on is each of them of any use, and from which could it prove a gain of 0.05?

for name, value in (("paper", paper), ("sharp", sharp)):
    useful = m[~np.asarray(value.vacuous)][0]
    proves = m[np.asarray(value.total) < 0.05]
    least = f"{proves[0]:,.0f}" if len(proves) else f"more than {m[-1]:,.0f}"
    print(f"{name}: not vacuous from m = {useful:,.0f} on; below 0.05 from m = {least} on")

# %%
# The reason is the complexity term, which depends on norms alone. The fast-rate forms need no
# complexity, and a bound from rows held out needs nothing but the range of the loss.
