"""DICOM: the header, the pixels, and their way to grey."""
