"""Worlds of bits: enumerated or drawn by counts."""
