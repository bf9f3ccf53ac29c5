"""How a radiograph enters, whichever door it came through."""
