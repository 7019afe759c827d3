"""Tests of the agent's own parts: assessment, events, history, lock, connection edits."""
