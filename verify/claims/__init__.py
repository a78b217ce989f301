"""The ledger of claims: truths and falsehoods, all tested in the same way.

| module | content |
|---|---|
| `evidence` | sources of facts: `facts` says what these are, the others hold one kind of world each |
| `claim` | a claim, what a test found, and the verdict that follows |
| `alterations` | the ways in which a statement is made false |
| `judge` | one test: a statement, true or altered, on given facts |
| `limits` | which share of a theorem's terms is enough, so that no test can refute it |
| `power` | theorems with too small a share of their terms, and the worlds that show it |
| `certificates` | the rows of the ledger about certificates |
| `ledger` | every claim, in one explicit tuple |
| `run` | all tests, on workers |
| `report` | claims.json, the page and the table on a terminal |
"""
