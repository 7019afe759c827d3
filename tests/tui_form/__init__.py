"""The connection form, driven by keys."""
