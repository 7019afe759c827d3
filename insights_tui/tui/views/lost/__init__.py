"""The view Lost: what did not reach Kafka in time, and what can be done about it."""
