"""What the answer to a produce request means: the classification table, pure.

Codes: https://kafka.apache.org/protocol#protocol_error_codes. Whatever is unknown is tried again and in doubt.
"Operator" in the design notes means a person must mend it; payloads still wait for their deadline.
"""

from dataclasses import dataclass, replace

from aiokafka.errors import NodeNotReadyError, RequestTimedOutError

from insights_tui.domain.trouble import About, Code, Trouble
from insights_tui.kafka.verdict import NO_ANSWER, Action, Pace, Peer, Scope, Verdict, clip

MOVING_S = 3.0
"""A leader that moves, or a replica that catches up, is told after this."""


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    what: str
    act: str
    code: Code = Code.BROKER_REFUSES
    action: Action = Action.RETRY
    in_doubt: bool = False
    scope: Scope = "partition"
    pace: Pace = "quick"
    refresh: bool = False
    show_after_s: float = 0.0


def _moving(name: str, what: str, *, in_doubt: bool = False) -> _Row:
    act = "Wait: it is tried again; if it lasts, look whether the brokers that hold the partition are up."
    return _Row(name, what, act, Code.NO_LEADER, in_doubt=in_doubt, refresh=True, show_after_s=MOVING_S)


def _topic(name: str, what: str, act: str, code: Code = Code.BROKER_REFUSES) -> _Row:
    return _Row(name, what, act, code, scope="topic", pace="slow")


def _content(name: str, what: str, act: str) -> _Row:
    return _Row(name, what, act, Code.RECORDS_REJECTED, Action.SPLIT)


def _doubt(name: str, what: str) -> _Row:
    act = "Wait: it is tried again, and consumers can drop a duplicate by the header insights-id."
    return _Row(name, what, act, in_doubt=True, refresh=True, show_after_s=MOVING_S)


def _sequence(name: str) -> _Row:
    what = "{peer} lost track of this producer's sequence numbers ({name})"
    act = "Wait: a new sequence is begun and the batch is sent again."
    return _Row(name, what, act, action=Action.RENEW, in_doubt=True)


_ROWS: dict[int, _Row] = {
    2: _Row(
        "CORRUPT_MESSAGE",
        "{peer} found a damaged batch ({name})",
        "Wait: it is built and sent again; if it goes on, look for a device in between that alters data.",
    ),
    3: _Row(
        "UNKNOWN_TOPIC_OR_PARTITION",
        "The topic {topic} does not exist, says {peer}",
        "Create the topic, or change the topic of the connection.",
        Code.TOPIC_MISSING,
        scope="topic",
        refresh=True,
    ),
    5: _moving("LEADER_NOT_AVAILABLE", "A partition of {topic} has no leader just now, says {peer}"),
    # 6 and 56 also come after the append, from a request that waits for the replicas while its leader changes or its
    # disk goes (Kafka's DelayedProduce.tryComplete); 56 after a write, too, that failed at its end (UnifiedLog.append).
    6: _moving("NOT_LEADER_OR_FOLLOWER", "{peer} no longer leads a partition of {topic}", in_doubt=True),
    7: _doubt("REQUEST_TIMED_OUT", "{peer} waited in vain for the other replicas of {topic} ({name})"),
    8: _doubt("BROKER_NOT_AVAILABLE", "{peer} says that a broker is not available ({name})"),
    9: _doubt("REPLICA_NOT_AVAILABLE", "{peer} says that a replica of {topic} is not available ({name})"),
    10: _content(
        "MESSAGE_TOO_LARGE",
        "{peer} refuses a payload as too large for the topic {topic} ({name})",
        "Raise max.message.bytes of the topic, or send smaller payloads.",
    ),
    13: _doubt("NETWORK_EXCEPTION", "{peer} reports a network failure ({name})"),
    17: _topic(
        "INVALID_TOPIC_EXCEPTION",
        "{peer} says that {topic} is no valid topic name ({name})",
        "Change the topic of the connection.",
        Code.TOPIC_MISSING,
    ),
    18: _content(
        "RECORD_LIST_TOO_LARGE",
        "{peer} refuses a payload as larger than a segment of the topic {topic} ({name})",
        "Raise segment.bytes of the topic, or send smaller payloads.",
    ),
    19: _Row(
        "NOT_ENOUGH_REPLICAS",
        "{peer} says that {topic} has fewer replicas in sync than min.insync.replicas asks for",
        "Bring the missing brokers back.",
        show_after_s=MOVING_S,
    ),
    20: _doubt(
        "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
        "{peer} appended to {topic}, but fewer replicas than min.insync.replicas have it ({name})",
    ),
    21: _topic(
        "INVALID_REQUIRED_ACKS",
        "{peer} does not take acks=all ({name})",
        "Check that the server is an Apache Kafka or compatible with it.",
    ),
    29: _topic(
        "TOPIC_AUTHORIZATION_FAILED",
        "{user} may not write to the topic {topic}, says {peer}",
        "Grant {user} the operations WRITE and DESCRIBE on the topic.",
        Code.NOT_AUTHORIZED,
    ),
    31: _topic(
        "CLUSTER_AUTHORIZATION_FAILED",
        "{user} may not do this on the cluster, says {peer} ({name})",
        "Grant {user} the operation IDEMPOTENT_WRITE on the cluster.",
        Code.NOT_AUTHORIZED,
    ),
    32: _Row(
        "INVALID_TIMESTAMP",
        "{peer} refuses the time at which payloads were accepted as too far from its own clock ({name})",
        "Set the clock that is wrong; this ends with the next payload. Else raise the topic's message.timestamp "
        "limits. The header insights-accepted-at carries this machine's time.",
        Code.CLOCK_JUMP,
    ),
    35: _topic(
        "UNSUPPORTED_VERSION",
        "{peer} does not speak this version of the produce request ({name})",
        "Check that the server is Apache Kafka 0.11 or newer.",
    ),
    43: _content(
        "UNSUPPORTED_FOR_MESSAGE_FORMAT",
        "{peer} stores the topic {topic} in a format without headers ({name})",
        "Raise the topic's message.format.version to 0.11 or newer.",
    ),
    44: _topic(
        "POLICY_VIOLATION",
        "{peer} refuses the request by a policy of the cluster ({name})",
        "Ask the administrator of the cluster which policy it is.",
    ),
    45: _sequence("OUT_OF_ORDER_SEQUENCE_NUMBER"),
    47: _sequence("INVALID_PRODUCER_EPOCH"),
    49: _sequence("INVALID_PRODUCER_ID_MAPPING"),
    56: _moving(
        "KAFKA_STORAGE_ERROR", "{peer} cannot use the disk that holds a partition of {topic} ({name})", in_doubt=True
    ),
    59: _sequence("UNKNOWN_PRODUCER_ID"),
    74: _moving("FENCED_LEADER_EPOCH", "{peer} says that the leader of a partition of {topic} has changed ({name})"),
    75: _moving("UNKNOWN_LEADER_EPOCH", "{peer} does not know yet who leads a partition of {topic} ({name})"),
    76: _topic(
        "UNSUPPORTED_COMPRESSION_TYPE",
        "{peer} does not take the compression that is set ({name})",
        "Set delivery.compression to none, or raise the version of the broker.",
    ),
    87: _content(
        "INVALID_RECORD",
        "{peer} refuses a payload as invalid for the topic {topic} ({name})",
        "Look at the topic's settings: a compacted topic, for one, takes no payload without a key.",
    ),
}

_TOPIC_AUTHORIZATION_FAILED = 29
KNOWN_CODES = frozenset(_ROWS) | {0, 46}


def of_code(code: int, peer: Peer) -> Verdict:
    """Tell what an error code in the answer to a produce request means."""
    if code in (0, 46):  # 46 DUPLICATE_SEQUENCE_NUMBER: the broker has the batch from an earlier attempt
        return Verdict(Action.DONE, False, Trouble(Code.BROKER_REFUSES, str(peer.server), "", ""))
    row = _ROWS.get(code) or _doubt(f"error {code}", "{peer} answers with {name}")
    subject = str(peer.server)
    if row.scope == "topic" or row.code in (Code.NO_LEADER, Code.RECORDS_REJECTED):
        subject = peer.topic
    return Verdict(
        row.action,
        row.in_doubt,
        Trouble(
            row.code, subject, _sentence(row.what, row, peer), _sentence(row.act, row, peer), f"{row.name} ({code})"
        ),
        row.scope,
        row.pace,
        row.refresh,
        row.show_after_s,
    )


def of_topic(code: int, peer: Peer) -> Verdict:
    """Tell what an error code for the topic in a metadata answer means."""
    verdict = of_code(code, peer)
    if verdict.trouble.code is Code.TOPIC_MISSING:
        return replace(verdict, trouble=replace(verdict.trouble, about=About.TOPIC))
    if code != _TOPIC_AUTHORIZATION_FAILED:
        return verdict
    row = replace(
        _ROWS[code],  # Kafka answers alike for a topic that is hidden and for one that is not there
        what="the topic {topic} does not exist, or {user} may not see it, says {peer}",
        act="Check the spelling of the topic; if it is right, grant {user} the operations WRITE and DESCRIBE on it.",
    )
    what, act = _sentence(row.what, row, peer), _sentence(row.act, row, peer)
    return replace(verdict, trouble=replace(verdict.trouble, what=what, act=act, about=About.TOPIC))


def of_request(error: BaseException, peer: Peer) -> Verdict:
    """Tell what it means that a produce request got no answer."""
    wait = "Wait: it is tried again, and consumers can drop a duplicate by the header insights-id."
    raw = clip(f"{type(error).__name__}: {error}")
    code = Code.BROKER_UNREACHABLE
    if isinstance(error, NodeNotReadyError):  # never written: the connection was gone before
        what = f"{_upper(peer.name)} is not connected."
        return Verdict(Action.RETRY, False, Trouble(code, str(peer.server), what, wait, raw), "broker")
    if isinstance(error, RequestTimedOutError | TimeoutError):
        raw = NO_ANSWER
        what = f"{_upper(peer.name)} took a request and did not answer in time."
        act = "Look whether the broker hangs, and whether its answers get through."
        return Verdict(Action.RETRY, True, Trouble(code, str(peer.server), what, act, raw), "broker", refresh=True)
    cause = error.__cause__ or error
    if isinstance(cause, OSError | EOFError) or "closed" in str(error):
        what = f"{_upper(peer.name)} closed the connection before it answered."
        act = "Look whether the broker was restarted, or a device in between cuts connections."
        return Verdict(Action.RETRY, True, Trouble(code, str(peer.server), what, act, raw), "broker", refresh=True)
    what = f"{_upper(peer.name)} gave an answer that cannot be understood."
    act = "Check that the server is an Apache Kafka or compatible with it; the connection is made anew."
    return Verdict(
        Action.RENEW, True, Trouble(Code.BROKER_REFUSES, str(peer.server), what, act, raw), "client", refresh=True
    )


def _sentence(text: str, row: _Row, peer: Peer) -> str:
    user = f"the user {peer.username}" if peer.username else "this client"
    filled = text.format(peer=peer.name.rstrip(","), topic=clip(peer.topic), name=row.name, user=user)
    return _upper(filled if filled.endswith(".") else filled + ".")


def _upper(text: str) -> str:
    return text if "." in text.split(" ", 1)[0] or ":" in text.split(" ", 1)[0] else text[:1].upper() + text[1:]
