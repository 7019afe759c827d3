"""The SDK: in one process with its host, against agents of every temper."""
