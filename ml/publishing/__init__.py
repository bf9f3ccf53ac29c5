"""From a training run to an artefact with its card."""
