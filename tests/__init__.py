"""The tests; `tests.kafka_cluster` is a program of its own too."""
