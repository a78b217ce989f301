"""The form of any statement: its data, numbers, inversion, type and picture."""
