"""Certificates: what observed rows prove about new rows from the same source, and no more.

| module | content |
|---|---|
| `certificate` | the result: a gap with its ends, its verdict and how it was found |
| `rows` | losses as they are passed, read into paired differences; wrong uses are refused here |
| `certify` | the certificate of one pair of trained predictors |
| `best_head` | M's trained model against the best head on N's encoder |
| `families` | several pairs from one hold-out, valid at once |
| `arriving` | rows that keep arriving, with a certificate at any time |
| `needed` | how many rows a gain would need |
"""
