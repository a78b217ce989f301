"""What is measured: data sets, populations, fusion classes, and every quantity with an interval."""
