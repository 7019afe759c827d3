"""Send your algorithms' metrics to Kafka, and know at a glance that they arrive."""

__version__ = "0.1.0"
