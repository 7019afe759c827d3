"""The two questions of the check that aiokafka does not ask: who may write, and how the topic is set up.

Protocol: https://kafka.apache.org/protocol#The_Messages_Metadata, version 8 (KIP-430), and
#The_Messages_DescribeConfigs.
"""

from collections.abc import Mapping
from typing import Any

from aiokafka.protocol.admin import DescribeConfigsRequest
from aiokafka.protocol.api import RequestStruct, Response
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.types import Array, Boolean, Int16, Int32, Schema, String

METADATA, DESCRIBE_CONFIGS, PRODUCE = 3, 32, 0
WITHOUT_CREATION = 4
"""The first version of the metadata request that can forbid to create the topic."""
MIN_INSYNC, MAX_BYTES = "min.insync.replicas", "max.message.bytes"
_TOPIC = 2
_WRITE = 4  # org.apache.kafka.common.acl.AclOperation: the bit of WRITE
_NOT_TOLD = -(2**31)


class _MetadataAnswer(Response):  # type: ignore[misc] # aiokafka ships no types
    API_KEY = METADATA
    API_VERSION = 8
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            Array(("node_id", Int32), ("host", String("utf-8")), ("port", Int32), ("rack", String("utf-8"))),
        ),
        ("cluster_id", String("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            Array(
                ("error_code", Int16),
                ("topic", String("utf-8")),
                ("is_internal", Boolean),
                (
                    "partitions",
                    Array(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", Array(Int32)),
                        ("isr", Array(Int32)),
                        ("offline_replicas", Array(Int32)),
                    ),
                ),
                ("operations", Int32),
            ),
        ),
        ("cluster_operations", Int32),
    )


class _MetadataAsked(RequestStruct):  # type: ignore[misc] # aiokafka ships no types
    API_KEY = METADATA
    API_VERSION = 8
    RESPONSE_TYPE = _MetadataAnswer
    SCHEMA = Schema(
        ("topics", Array(String("utf-8"))),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_operations", Boolean),
        ("include_topic_operations", Boolean),
    )


class TopicQuestion(MetadataRequest):  # type: ignore[misc] # aiokafka ships no types
    """Who are the members, who leads the topic and, from version 8 on, what may be done with it. Creates nothing."""

    def __init__(self, topic: str) -> None:
        super().__init__([topic], False)

    def build(self, request_struct_class: Any) -> Any:
        """Fill the version that both sides speak."""
        if request_struct_class is _MetadataAsked:
            return _MetadataAsked(self._topics, False, False, True)
        return super().build(request_struct_class)


TopicQuestion._CLASSES = (*MetadataRequest._CLASSES, _MetadataAsked)  # noqa: SLF001 - where aiokafka keeps the versions


def may_write(answer: Any, topic: str) -> bool | None:
    """Tell whether the answer says that the topic may be written to; `None` where it does not say."""
    for one in answer.to_object()["topics"]:
        if one["topic"] == topic:
            operations = one.get("operations", _NOT_TOLD)
            return None if operations == _NOT_TOLD else bool(operations >> _WRITE & 1)
    return None


def settings_question(topic: str) -> DescribeConfigsRequest:
    """Ask for the settings of the topic that matter to a producer."""
    return DescribeConfigsRequest([(_TOPIC, topic, [MIN_INSYNC, MAX_BYTES])])


def read_settings(answer: Any) -> Mapping[str, str]:
    """Read them; empty where they may not be read."""
    for code, _, _, _, entries in answer.resources:
        if code == 0:
            return {str(entry[0]): str(entry[1]) for entry in entries if entry[0] in (MIN_INSYNC, MAX_BYTES)}
    return {}
