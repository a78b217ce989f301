"""The ledger as a document, a page and terminal text."""
