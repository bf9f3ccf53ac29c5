"""How the image check is taught, examined and published."""
