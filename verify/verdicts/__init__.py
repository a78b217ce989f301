"""One decision for the report, the ledger of claims and any test suite.

`compare` decides one sample, `coverage` many of them, and `check.judge` a theorem on measured samples.
"""
