"""From prepared films to a trained network: recipes, batches, augmentation, fitting, checkpoints."""
