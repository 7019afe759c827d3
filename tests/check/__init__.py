"""The connection check: every fault of issue 5 named right, within its time, and nothing left behind."""
