"""Tails: what is in the topic, and what is accepted."""
