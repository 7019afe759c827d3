"""Algorithms: seen, switched on and off, watched."""
