"""The gate programs of `benchmarks/` at a small scale: sets and outcomes, never a time."""
