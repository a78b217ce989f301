"""
Table 4 and its popular misreading
==================================

The paper's Table 4 has simulated data with a degree of overlap ρ between modalities. Popular
accounts say that a fraction ρ of the columns is *copied* from the first modality. The numbers fit
another reading: modalities are *mixed*, x⁽ᵏ⁾ = ρ x⁽¹⁾ + (1 - ρ) u⁽ᵏ⁾. Both constructions have exact
errors, so the table can be checked cell by cell.
"""

import matplotlib.pyplot as plt
import numpy as np

from verify.reproduce.paper import tables
from verify.reproduce.table4.closed_form import quality

paper = tables()["table4"]
overlaps = paper["overlap"]


def exact(construction, present):
    """The expected error of least squares on 7,000 rows, for the first modalities."""
    return [
        next(q for q in quality(rho, construction, 4, 100) if q.subset == present).finite_sample(
            7000
        )
        for rho in overlaps
    ]


# %%
fig, axes = plt.subplots(1, 3, figsize=(10, 3.8), sharey=True, layout="constrained")
for count, ax in zip((1, 2, 3), axes, strict=True):
    present = tuple(range(1, count + 1))
    cells = np.array(paper["rows"][",".join(map(str, present))])
    ax.errorbar(
        overlaps, cells[:, 0], cells[:, 1], fmt="o", color="black", capsize=3, label="the paper"
    )
    ax.plot(overlaps, exact("mixing", present), color="#0072B2", label="mixed, exact")
    ax.plot(
        overlaps, exact("copied", present), color="#D55E00", linestyle="--", label="copied, exact"
    )
    ax.set(title=f"modalities {', '.join(map(str, present))} of 4", xlabel="overlap ρ")
axes[0].set_ylabel("squared error")
axes[0].legend()

# %%
# At ρ = 0.8 with one modality:

place = overlaps.index(0.8)
mixed, copied = exact("mixing", (1,))[place], exact("copied", (1,))[place]
print(f"paper {paper['rows']['1'][place][0]}, mixed {mixed:.2f}, copied {copied:.2f}")

# %%
# More overlap is not always better, either. With the second modality alone the error rises before
# it falls:

rho = np.linspace(0, 1, 51).round(2)
alone = [next(q for q in quality(r, "mixing", 4, 100) if q.subset == (2,)).eta for r in rho]
fig, ax = plt.subplots(figsize=(7, 3.5), layout="constrained")
ax.plot(rho, [float(each) for each in alone], color="#0072B2")
ax.set(xlabel="overlap ρ", ylabel="η of modality 2 alone, mixed")
