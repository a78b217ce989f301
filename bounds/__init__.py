"""Generalisation bounds of multi-modal learning as sympy objects: evaluate, invert, prove, print.

Import what you need: ``from bounds import risk_gap, latent_quality, modality_gain``.
Nothing is imported here, so that ``import bounds`` costs nothing.
"""
