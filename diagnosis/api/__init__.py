"""What programs can do: the same functions, rules of access and words as the pages, under /api/v1/."""
