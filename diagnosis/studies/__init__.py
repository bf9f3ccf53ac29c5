"""The page of one study and its images."""
