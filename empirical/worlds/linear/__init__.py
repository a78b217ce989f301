"""Linear worlds with overlapping sign features."""
