"""What worked until now and fails: then the first setup's advice (look at the spelling) misleads. Pure."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from insights_tui.delivery.status import ActiveTrouble
from insights_tui.domain.connection import Connection
from insights_tui.domain.trouble import About, Code, Trouble
from insights_tui.kafka.verdict import NO_ANSWER


@dataclass(frozen=True, slots=True)
class Before:
    """What is known to have worked with the connection of now, since the agent started."""

    connection: Connection
    reached: AbstractSet[str] = frozenset()
    """Brokers as `host:port`."""


def as_before(active: ActiveTrouble, before: Before) -> ActiveTrouble:
    """Say what must have changed since it worked; where that is not known the words stay."""
    told = next((words for code, words in _WORDS if code is active.trouble.code), None)
    changed = told(active.trouble, before) if told else None
    return active if changed is None else replace(active, trouble=changed)


def _topic_missing(trouble: Trouble, before: Before) -> Trouble | None:
    if not trouble.raw.startswith("UNKNOWN_TOPIC"):
        return None
    topic = before.connection.topic
    return replace(
        trouble,
        what=f"The topic {topic} was deleted: it does not exist any more.",
        act="Create it again at Kafka, or connect to another topic.",
    )


def _not_authorized(trouble: Trouble, before: Before) -> Trouble | None:
    if not trouble.raw.startswith("TOPIC_AUTHORIZATION"):
        return None
    topic, user = before.connection.topic, _user(before)
    name = before.connection.username or user
    if trouble.about is About.TOPIC:  # Kafka answers alike for a topic that is hidden and for one that is not there
        return replace(
            trouble,
            what=f"Rights on the topic {topic} were revoked, or it was deleted.",
            act=f"Grant {name} WRITE and DESCRIBE on it again, if it still exists.",
        )
    return replace(
        trouble,
        what=f"The right to write to the topic {topic} was revoked: {user} had it until now.",
        act=f"Grant {name} WRITE and DESCRIBE on the topic again.",
    )


def _auth_failed(trouble: Trouble, before: Before) -> Trouble | None:
    if not trouble.raw.startswith("SaslAuthenticationFailed"):
        return None
    return replace(
        trouble,
        what=f"The password of {before.connection.username} was changed at Kafka, or the user removed.",
        act="Edit the connection: give the new password.",
    )


def _out_of_reach(trouble: Trouble, before: Before) -> Trouble | None:
    """Every broker that was reached before has its address and its port right."""
    if len(before.connection.servers) > 1 and trouble.subject == before.connection.bootstrap and before.reached:
        return _all_out_of_reach(trouble)
    if trouble.subject not in before.reached:
        return None
    if trouble.raw.startswith("ConnectionRefusedError"):
        return replace(trouble, act="Look whether the broker is running: it was reached there until now.")
    if trouble.code is Code.NAME_NOT_RESOLVED:
        return replace(trouble, act="Check this machine's DNS and /etc/hosts: it knew the name before.")
    if trouble.raw == NO_ANSWER:
        return replace(
            trouble,
            what=f"{trouble.subject} answers no more: it hangs, or the network is cut.",
            act="Look whether the broker hangs, then at the network on the way.",
        )
    if trouble.raw.startswith(("IncompleteReadError", "ConnectionResetError", "ConnectionAbortedError")):
        return replace(
            trouble,
            what=f"{trouble.subject} takes connections and drops them: there may be no broker behind it now.",
            act="Look whether the broker is running, and at a proxy or load balancer in front of it.",
        )
    return None


def _all_out_of_reach(trouble: Trouble) -> Trouble | None:
    if trouble.raw.startswith("ConnectionRefusedError"):
        what = "Nothing listens any more at any of the servers."
        return replace(trouble, what=what, act="Look whether the brokers are running: they were reached until now.")
    if trouble.code is Code.NAME_NOT_RESOLVED:
        return replace(trouble, act="Check this machine's DNS and /etc/hosts: it knew the names before.")
    if trouble.raw == NO_ANSWER:
        what = "None of the servers answers any more: they hang, or the network is cut."
        return replace(trouble, what=what, act="Look at the network on the way to them, then whether they hang.")
    return None


def _user(before: Before) -> str:
    name = before.connection.username
    return f"the user {name}" if name else "this client"


_WORDS: tuple[tuple[Code, Callable[[Trouble, Before], Trouble | None]], ...] = (
    (Code.TOPIC_MISSING, _topic_missing),
    (Code.NOT_AUTHORIZED, _not_authorized),
    (Code.AUTH_FAILED, _auth_failed),
    (Code.KAFKA_UNREACHABLE, _out_of_reach),
    (Code.BROKER_UNREACHABLE, _out_of_reach),
    (Code.NAME_NOT_RESOLVED, _out_of_reach),
    (Code.TLS_FAILED, _out_of_reach),
)
