"""Populations on which risks, latent quality and complexity are known: one module per kind."""
