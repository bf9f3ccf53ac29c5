"""What a prediction means in words, rates and pictures."""
