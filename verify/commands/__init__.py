"""The commands of `python -m verify`, one module each; `verify.cli` runs them."""
