"""The HTTP API: two apps on one loop, public on TCP and private on a Unix socket."""
