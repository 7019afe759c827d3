"""The package as people get it: wheel, lock, checks, README."""
