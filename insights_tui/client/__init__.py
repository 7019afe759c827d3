"""The API's client: what the interface and the command line speak."""
