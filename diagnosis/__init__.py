"""The app: people's studies, their states, the pages, the admin and the tasks."""

VERSION = "0.1.0"
"""Of the product; the model has its own."""
