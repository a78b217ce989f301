"""Sources of facts: one module for each kind of world."""
