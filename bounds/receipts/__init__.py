"""Receipts of proofs, and a verifier that needs no code of this library and no computer algebra."""
