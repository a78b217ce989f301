"""Facts from worlds, one module per kind."""
