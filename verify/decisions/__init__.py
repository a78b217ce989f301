"""Which modalities pay at this number of rows, on new rows from the same source.

| module | content |
|---|---|
| `decide` | the public function, in the order of its steps |
| `own`, `predicted` | the same from predictions or losses of the user's own models |
| `losses` | metrics: losses of one row with a known range |
| `split` | which rows train and which certify |
| `models`, `candidates`, `linear`, `nets` | models that compete on the training part |
| `matrices`, `rows`, `training`, `subsets` | what they are fitted on, and their training |
| `effort`, `progress` | what training will take, and how far it is |
| `choice` | the favourite subset and its path, from the training part |
| `family` | the comparisons that are certified, and their gains |
| `prices` | the cheapest subset that is good enough |
| `recommend`, `judge` | verdicts and the recommended subset |
| `worth`, `curves`, `extrapolation` | Shapley values, interactions; learning curves |
| `evidence`, `trust` | what was found, before it is judged; what must hold for it |
| `words`, `document`, `decision` | sentences, decide.json, the object |
| `page`, `figures` | decide.html, and where its lines lie |
"""
