"""Lemmas, assumptions, the algebra of signs, and the checker of derivations."""
