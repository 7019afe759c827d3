"""Speaking Kafka: client lifecycle, error classification, record batches."""
