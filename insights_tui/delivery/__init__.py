"""The engine: queue, lanes, deadlines and the ledger."""
