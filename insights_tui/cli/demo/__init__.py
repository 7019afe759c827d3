"""`demo`: everything inside one command: three brokers, an agent, three algorithms, the real interface."""
