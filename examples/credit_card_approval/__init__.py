"""The example of the original documentation, as a web service."""
