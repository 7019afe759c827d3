"""Charts of the last minutes: pure functions from seconds of history to rows of characters."""
