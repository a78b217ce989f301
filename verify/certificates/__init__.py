"""Certificates: what observed rows prove about new rows from the same source, and no more.

| module | content |
|---|---|
| `certificate` | the result: a gap with its ends, its verdict and how it was found |
| `columns` | one column as it is passed: losses, weights, labels of groups |
| `rows` | columns read into paired differences; wrong uses are refused here |
| `copies` | rows that are there twice, and training rows in the hold-out |
| `certify` | the certificate of one pair of trained predictors |
| `best_head` | M's trained model against the best head on N's encoder |
| `head_losses` | the losses of these heads: squares and cross-entropy |
| `observed_rate` | the constants of the fast rate from rows held out |
| `families` | several pairs from one hold-out, valid at once |
| `arriving` | rows that keep arriving, with a certificate at any time |
| `needed` | how many rows a gain would need |
"""
