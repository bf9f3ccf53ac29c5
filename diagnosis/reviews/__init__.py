"""People's verdicts, and how readers and model compare."""
