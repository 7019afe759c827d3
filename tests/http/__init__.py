"""The HTTP API, from single decisions to hostile clients on raw sockets."""
