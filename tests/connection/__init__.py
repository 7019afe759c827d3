"""The connection, its places and its settings."""
