"""Run a cluster until Ctrl-C and say how to connect to it: `python -m tests.kafka_cluster [--nodes 1|3] [--json]`."""

import argparse
import json
import os
import shlex
import signal
import sys

from tests.kafka_cluster.cluster import Cluster
from tests.kafka_cluster.fetch import KafkaMissingError
from tests.kafka_cluster.node import StartError
from tests.kafka_cluster.properties import MECHANISMS

_USER = "insights"


def main() -> int:
    """Start the cluster, print how to reach it, wait for SIGINT or SIGTERM, take it down."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        cluster = Cluster.start(arguments.nodes)
    except (KafkaMissingError, StartError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a program's output
        return 1
    except KeyboardInterrupt:
        return 130
    try:
        cluster.create_topic(arguments.topic, arguments.partitions)
        cluster.grant(_USER, arguments.topic, ("WRITE", "DESCRIBE", "READ"))
        text = as_json(cluster, arguments.topic) if arguments.json else as_text(cluster, arguments.topic)
        print(text, flush=True)  # noqa: T201 - a program's output
        signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        cluster.stop()
    return 0


def as_json(cluster: Cluster, topic: str) -> str:
    """One line that a script reads: everything it needs to connect."""
    return json.dumps(
        {
            "pid": os.getpid(),
            "nodes": len(cluster.nodes),
            "topic": topic,
            "plaintext": cluster.plaintext,
            "sasl_ssl": cluster.sasl_ssl,
            "proxied": cluster.proxied,
            "mechanisms": MECHANISMS,
            "username": _USER,
            "password": cluster.users[_USER],
            "ca_file": str(cluster.ca_file),
            "folder": str(cluster.folder),
            "node_pids": {str(node): cluster.pid(node) for node in cluster.nodes},
        }
    )


def as_text(cluster: Cluster, topic: str) -> str:
    """What a person pastes into another terminal."""
    ca = shlex.quote(str(cluster.ca_file))
    sasl = "\n".join(
        f"  insights-tui connect --topic {topic} --type sasl --mechanism {mechanism} --username {_USER} \\\n"
        f"    --password-from env:KAFKA_PASSWORD --ca {ca} --servers {cluster.sasl_ssl}"
        for mechanism in MECHANISMS
    )
    return f"""\
Apache Kafka runs: {len(cluster.nodes)} node(s), topic "{topic}", logs in {cluster.folder}. Ctrl-C ends it.

Plaintext:
  insights-tui connect --topic {topic} --type plaintext --servers {cluster.plaintext}

SASL over TLS, by each mechanism:
  export KAFKA_PASSWORD={cluster.users[_USER]}
{sasl}

Plaintext through the fault proxies: {cluster.proxied}"""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.kafka_cluster", description="Run Apache Kafka until Ctrl-C.")
    parser.add_argument("--nodes", type=int, choices=(1, 3), default=1)
    parser.add_argument("--topic", default="insights", help="created, and open to the user it prints")
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--json", action="store_true", help="print one JSON object on one line instead")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
