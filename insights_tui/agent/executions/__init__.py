"""Executions: begun, reported to, ended; kept on disk until their payload is in the spool."""
