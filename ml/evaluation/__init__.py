"""What a trained network is worth: figures, robustness, heat map checks."""
