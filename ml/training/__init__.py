"""From a split to a trained network: recipe, batches, augmentation, fitting, checkpoints."""
