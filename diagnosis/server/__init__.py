"""The processes that `manage.py serve` runs."""
