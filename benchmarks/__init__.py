"""Programs that print a figure; the tests run the same code at a small scale."""
