"""Table 4: the paper's simulated data."""
