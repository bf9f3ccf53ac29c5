"""A data set: films, patients, splits, near-duplicates, and what is wrong with it."""
