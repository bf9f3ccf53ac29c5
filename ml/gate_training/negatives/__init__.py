"""What the image check is taught to refuse, drawn by code or derived."""
