"""The card of a model: what it says of itself and of each population it answers for, read from JSON and checked."""
