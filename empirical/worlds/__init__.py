"""Populations on which risks, latent quality and complexity are known: one module per kind.

| module | population | learner | what is known |
|---|---|---|---|
| `exact` | K bits and a label, any joint law | every map of the visible cells | everything, exactly |
| `classes` | the same | finite H and G_M, searched jointly | everything; γ varies with the sample |
| `linear` | sign features with overlap | least squares on a ball | everything, closed forms |
| `teacher` | rows with labels from a known h*∘g* | trained networks | risks exact, η certified |
| `finite`, `stacks` | the rows of a data set | trained networks | risks exact, η certified |

`protocol.World` is what they share. `cellwise` has laws of Theorem 1's and 2's left-hand sides in
exact worlds at any m, `counts` enumerates or draws samples, `law` holds the results.
"""
