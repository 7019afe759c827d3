"""What one metadata answer tells of the topic: in words, pure; and its settings, where they may be read."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from insights_tui.domain.text import counted
from insights_tui.domain.trouble import About, Trouble
from insights_tui.kafka.check.questions import DESCRIBE_CONFIGS, MAX_BYTES, MIN_INSYNC, read_settings, settings_question
from insights_tui.kafka.check.replicas import amiss, brokers, missing
from insights_tui.kafka.classify import of_code, of_topic
from insights_tui.kafka.verdict import Peer
from insights_tui.kafka.view import View
from insights_tui.kafka.wire import Wire

_MISSING = 3
_FORBIDDEN = 29


def trouble_of(view: View, peer: Peer) -> Trouble | None:
    """Tell what is wrong with the topic; `None` where every partition has a leader."""
    if view.topic_error:
        trouble = of_topic(view.topic_error, peer).trouble
        return replace(trouble, otherwise=_otherwise(view.topic_error, peer))
    without = {number: part for number, part in view.partitions.items() if part.leader is None}
    if view.partitions and not without:
        return None
    trouble = of_code(5, peer).trouble
    total, have = counted(len(view.partitions), "partition"), "has" if len(without) == 1 else "have"
    what = f"{len(without)} of {total} of {peer.topic} {have} no leader, says {peer.name}".rstrip(",")
    act = "Start the brokers that hold them, or let the cluster's administrator elect a leader."
    gone = missing(view, without.values())
    if gone:
        what += f": replicas lie on {brokers(gone)}, which the cluster does not report"
        act = f"Start {brokers(gone)}, or let the cluster's administrator elect a leader."
    return replace(trouble, what=f"{what}.", act=act)


def no_write(peer: Peer) -> Trouble:
    """Say that the topic may not be written to."""
    trouble = of_code(_FORBIDDEN, peer).trouble  # it is seen, so its name is right
    return replace(trouble, otherwise=_otherwise(_FORBIDDEN, peer), raw="", about=About.USERNAME)


def _otherwise(code: int, peer: Peer) -> tuple[str, ...]:
    if code == _MISSING:
        return (
            "Check the spelling of the topic: upper and lower case differ.",
            "Check that these are the servers of the right cluster.",
        )
    if code == _FORBIDDEN and peer.username:
        grant = f"--add --allow-principal User:{peer.username} --operation Write --operation Describe"
        return (
            f"The command is: kafka-acls.sh --bootstrap-server {peer.server} {grant} --topic {peer.topic}.",
            "Log in as another user, who may write to it.",
        )
    return ()


def found(view: View, configs: Mapping[str, str] | None) -> str:
    """Describe the topic in half a sentence."""
    if view.topic_error or not view.partitions:
        return ""
    replicas = min(part.replicas for part in view.partitions.values())
    said = [counted(len(view.partitions), "partition"), counted(replicas, "replica")]
    if wanting := sum(map(amiss, view.partitions.values())):
        said.append(f"{counted(wanting, 'partition')} with replicas out of sync")
    said += [f"{name} {configs[name]}" for name in (MIN_INSYNC, MAX_BYTES) if configs and name in configs]
    if configs is not None and not configs:
        said.append("its settings may not be read")
    return ", ".join(said)


async def settings(wire: Wire, topic: str, timeout_s: float) -> Mapping[str, str] | None:
    """Ask for the topic's settings; empty where they may not be read, `None` where there was no answer."""
    if DESCRIBE_CONFIGS not in wire.spoken:
        return None
    try:
        async with asyncio.timeout(timeout_s):
            return read_settings(await wire.ask(settings_question(topic)))
    except Exception:  # noqa: BLE001 - a permission that few users have: nothing depends on the answer
        return None
