"""Populations on which risks, latent quality and complexity are known: one module per kind.

| module | population | learner | what is known |
|---|---|---|---|
| `boolean.exact` | K bits and a label, any joint law | every map of the visible cells | everything, exactly |
| `boolean.classes` | the same | finite H and G_M, searched jointly | everything; γ varies with the sample |
| `memory` | a uniform input, one target | the worst of a class that remembers | everything, closed forms |
| `linear` | sign features with overlap | least squares on a ball | everything, closed forms |
| `teacher` | rows with labels from a known h*∘g* | trained networks | risks exact, η certified |
| `population`, `networks` | the rows of a data set | trained networks | risks exact, η certified |

`protocol.World` is what they share. `boolean.cellwise` has laws of Theorem 1's and 2's left-hand
sides in exact worlds at any m, `boolean.counts` enumerates or draws samples, and
`empirical.statistics.laws` holds the results.
"""
