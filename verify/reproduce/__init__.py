"""The paper's four tables beside ours, cell by cell, and what the sources get wrong."""
