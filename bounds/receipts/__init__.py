"""Receipts of proofs, and their verifier: the standard library alone, nothing from outside this folder."""
