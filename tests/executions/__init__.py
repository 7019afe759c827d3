"""Executions: begin, report, finish; the store, the spool's notes, and crashes."""
