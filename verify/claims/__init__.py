"""The ledger of claims: truths and falsehoods, each put to the same checks.

| module | what it holds |
|---|---|
| `claim` | what a claim, a source of evidence and its facts are |
| `judge` | facts into findings: does a statement, true or altered, hold where the facts were found? |
| `alterations` | the ways in which a statement is made false |
| `exact_sources`, `linear_sources`, … | facts from one kind of world each |
| `ledger` | every claim, in one explicit tuple |
| `run` | all of it on workers, into claims.json |
"""
