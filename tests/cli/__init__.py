"""The command line and the API's client, against a fake agent on a real Unix socket."""
