"""One decision: compare, count, decide."""
