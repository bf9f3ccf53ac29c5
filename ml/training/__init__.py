"""From a split to a trained network: config, batches, augmentation, fitting, checkpoints."""
