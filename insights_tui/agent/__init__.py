"""The one process that owns ingest, queue, producer and secrets, and its HTTP API."""
