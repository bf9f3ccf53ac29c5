"""The image check: whether the classifier may be shown a film at all, and why not."""
