"""Row 1: the state in one word, of what, and how fresh that is; always there."""

from insights_tui.domain.members import members
from insights_tui.domain.snapshot import Snapshot, State
from insights_tui.domain.text import clock_time, sanitize
from insights_tui.tui.frame import Frame, Scene, Space
from insights_tui.tui.lines import Line, crop, ends, text, whole_seconds, width
from insights_tui.tui.panels.panel import Panel
from insights_tui.tui.remote import ends_with_us

WORDS = {state: state.value.replace("_", " ").upper() for state in State}
_TOKENS = {State.CONNECTED: "calm", State.DEGRADED: "alert", State.CONNECTING: "warn", State.NOT_CONNECTED: "strong"}
_OURS, _THEIRS = "EMBEDDED · stops with this screen", "EMBEDDED · stops with its screen"
_MUST = 100
"""Parts of this weight are never dropped, however narrow the terminal is."""

_TOPIC, _INSTALLATION, _BROKERS, _AGENT, _NAME = 10, 20, 30, 40, 50
_CUTTABLE, _TELLING = (_TOPIC, _INSTALLATION, _NAME), 18
"""Names that can be cut, and the cells that a cut one needs."""


class StatusRow(Panel):
    """State, refusal, staleness, mode, installation, topic, brokers, time."""

    AGES, EDGE = False, 0

    def lines(self, scene: Scene) -> list[Line]:
        """Draw the row."""
        right = _freshness(scene.frame)
        if _least(scene.frame, scene.space) > scene.width - width(right) - 2:
            right = ()  # the state goes before the time
        room = scene.width - width(right) - 2
        return [
            ends(_left(scene.frame, scene.space, room), (*right, (" ", "text")), scene.width, scene.glyphs.ellipsis)
        ]


def _left(frame: Frame, space: Space, room: int) -> Line:
    parts = _parts(frame, space)
    left = list(parts)
    while _total(left) > room and any(weight < _MUST for weight, _ in left):
        least = min(left, key=lambda part: part[0])
        over = _total(left) - room
        left[left.index(least) : left.index(least) + 1] = _shorter(least, over, space.glyphs.ellipsis)
    for one in sorted(parts, key=lambda part: -part[0]):  # a short name may fit where a longer count did not
        if one[0] not in {weight for weight, _ in left} and _total([*left, one]) <= room:
            left = [part for part in parts if part is one or part[0] in {weight for weight, _ in left}]
    kept = [part for _, part in left]
    if _total(left) > room:  # every must at once on a narrow terminal: the word says enough
        kept = [tuple((run.partition(" · ")[0], token) for run, token in part) for part in kept]
    return tuple(run for part in kept for run in (*part, ("  ", "text")))


def _least(frame: Frame, space: Space) -> int:
    """Measure what must be there, in its fewest words."""
    musts = (line for weight, line in _parts(frame, space) if weight >= _MUST)
    return sum(len(run.partition(" · ")[0]) for line in musts for run, _ in line)


def _shorter(part: tuple[int, Line], over: int, dots: str) -> list[tuple[int, Line]]:
    """Cut a part by so many cells; nothing of it stays where that would be too little to be told by."""
    weight, line = part
    kept = width(line) - over
    return [(weight, crop(line, kept, dots))] if weight in _CUTTABLE and kept >= _TELLING else []


def _parts(frame: Frame, space: Space) -> list[tuple[int, Line]]:
    snapshot, glyphs = frame.snapshot, space.glyphs
    if snapshot is None:
        word = f" {glyphs.bad} NO AGENT " if frame.error else f" {glyphs.busy} WAITING FOR THE AGENT "
        which = [(_AGENT, text(frame.agent, "text"))] if frame.agent else []
        return [(_MUST, text(word, "loud" if frame.error else "strong")), *which]
    parts: list[tuple[int, Line]] = []
    token = _TOKENS.get(snapshot.state, "loud") if frame.stale_s is None else "label"
    parts.append((_MUST, text(f" {glyphs.state(snapshot.state)} {WORDS[snapshot.state]} ", token)))
    if frame.stale_s is not None:
        parts.append((_MUST, text(f" STALE {whole_seconds(frame.stale_s)} ", "alert")))
    if snapshot.refusing is not None:
        parts.append((_MUST, text(f" REFUSING · {snapshot.refusing.value.replace('_', ' ')} ", "loud")))
    if snapshot.agent.mode == "embedded":
        parts.append((_MUST, text(_OURS if ends_with_us(snapshot) else _THEIRS, "warn")))
    if snapshot.agent.mode == "demo":
        parts.append((_MUST, text("DEMO", "warn")))
    if frame.read_only:
        parts.append((_MUST, text("READ-ONLY", "strong")))
    if frame.agent:
        parts.append((_AGENT, text(frame.agent, "text")))
    parts.extend(_where(snapshot, several=bool(frame.agent)))
    return parts


def _where(snapshot: Snapshot, *, several: bool) -> list[tuple[int, Line]]:
    parts: list[tuple[int, Line]] = []
    name = snapshot.agent.installation or (snapshot.agent.host if several else "")
    if name:  # of several agents the name is what must not be mistaken: the number gives way before it does
        parts.append((_NAME if several else _INSTALLATION, text(sanitize(name, limit=40), "strong")))
    if snapshot.connection is not None:
        topic = sanitize(snapshot.connection.topic, limit=60)
        parts.append((_TOPIC, (("topic ", "label"), (topic, "text"))))
    if brokers := members(snapshot):
        up = sum(broker.state == "up" for broker in brokers)
        quiet = sum(broker.state == "unknown" for broker in brokers)
        unknown = f", {quiet} unknown" if quiet else ""  # not spoken to yet is not down
        parts.append((_BROKERS, (("brokers ", "label"), (f"{up}/{len(brokers)} up{unknown}", "text"))))
    return parts


def _freshness(frame: Frame) -> Line:
    if frame.frozen_at is not None:
        return text(f" FROZEN since {clock_time(frame.frozen_at)} ", "alert")
    if frame.snapshot is None:
        return ()
    return (("as of ", "label"), (clock_time(frame.snapshot.as_of), "text"))


def _total(parts: list[tuple[int, Line]]) -> int:
    return sum(width(part) + 2 for _, part in parts)
