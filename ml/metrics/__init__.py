"""The arithmetic of evaluation, in numpy alone."""
