"""Real clients, unmodified, through a real agent into a real Kafka; every message held against what consumers parse."""
