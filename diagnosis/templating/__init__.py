"""Templates written out once for each language, and what they are made of."""
