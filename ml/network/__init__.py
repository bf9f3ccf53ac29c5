"""The classifier as a Keras network, how it normalises a radiograph, and how it is exported."""
