"""A person's studies: list, filters, live rows, exports."""
