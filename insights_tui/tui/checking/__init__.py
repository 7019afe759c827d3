"""The connection check on the screen: beside the form, and of the saved connection."""
