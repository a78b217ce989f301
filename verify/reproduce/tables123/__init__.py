"""Tables 1 to 3: the paper's pipeline on features of one's own."""
