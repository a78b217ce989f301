"""What the results of a study say: cells, thresholds, pairs, claims."""
