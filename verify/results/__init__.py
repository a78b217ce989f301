"""What came out of a study."""
