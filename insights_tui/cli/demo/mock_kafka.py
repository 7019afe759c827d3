"""Three Kafka brokers inside this process: librdkafka's mock cluster. No SASL, no TLS, nothing durable."""

import logging
from types import TracebackType
from typing import Any, Self

from insights_tui.cli import exits
from insights_tui.cli.output import CliError

TOPIC = "insights"
BROKERS = 3
_TIMEOUT_S = 10.0


def silent_logger() -> logging.Logger:
    """Give librdkafka somewhere to write but a terminal in use."""
    return logging.getLogger("insights_tui.demo.librdkafka")


class MockKafka:
    """The mock cluster, alive inside the `with` block; `bootstrap` lists its brokers, `TOPIC` is there."""

    def __init__(self) -> None:
        """Raise `CliError` that names the extra where confluent-kafka is not installed."""
        try:
            from confluent_kafka import Producer
        except ImportError:
            raise CliError(
                "The demo's brokers come with confluent-kafka, which is not installed.",
                "Install the extra: `pip install 'insights-tui[demo]'`.",
                code=exits.ACT_FAILED,
                name="demo_extra_missing",
            ) from None
        config = {"test.mock.num.brokers": BROKERS, "bootstrap.servers": "unused"}
        self._owner: Any = Producer(config, logger=silent_logger())
        brokers = self._owner.list_topics(timeout=_TIMEOUT_S).brokers.values()
        self.bootstrap = ",".join(sorted(f"{broker.host}:{broker.port}" for broker in brokers))
        self._owner.list_topics(TOPIC, timeout=_TIMEOUT_S)  # asking for a topic makes it

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._owner = None  # the cluster ends with the client that owns it
