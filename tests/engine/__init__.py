"""Tests of the delivery engine, from its pure parts to a mock cluster."""
