"""A stage for incidents: a Kafka that can be broken, an agent under load, a person's terminal, and a hard reader."""
