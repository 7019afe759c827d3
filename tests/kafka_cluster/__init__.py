"""A real Apache Kafka for the tests and benchmarks, and a way to break it. `python -m tests.kafka_cluster` runs one."""

from tests.kafka_cluster.admin import Admin, Record
from tests.kafka_cluster.cluster import Cluster, ProxyHandle
from tests.kafka_cluster.fetch import KafkaMissingError
from tests.kafka_cluster.node import StartError
from tests.kafka_cluster.properties import MECHANISMS
from tests.kafka_cluster.proxy import Fault

__all__ = ["MECHANISMS", "Admin", "Cluster", "Fault", "KafkaMissingError", "ProxyHandle", "Record", "StartError"]
