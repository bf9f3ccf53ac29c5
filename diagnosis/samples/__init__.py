"""Drawn radiographs with answers that the model gave them, for visitors who have not signed in."""
