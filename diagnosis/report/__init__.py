"""The PDF report of one study."""
