"""Intervals, estimates and the laws of what exact worlds give."""
