"""Stand-ins for what is outside, shared by the tests."""
