"""Bytes to one upright 8-bit radiograph, or a refusal in words."""
