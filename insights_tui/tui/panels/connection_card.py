"""The connection, without its secrets: where to, as whom, and how long the CA certificate still holds."""

from insights_tui.domain.connection import ConnectionType
from insights_tui.domain.snapshot import CaSummary, ConnectionView, Snapshot
from insights_tui.domain.text import counted, date_time, sanitize
from insights_tui.tui.frame import Scene, Space
from insights_tui.tui.lines import Line, crop, fit, text, wrap
from insights_tui.tui.notices import troubled
from insights_tui.tui.panels.panel import Panel

_WARN_DAYS = 30
_LABEL = 11


class ConnectionCard(Panel):
    """Two lines where it is narrow, a card with a field a line where there is room."""

    TITLE = "Connection"

    def lines(self, scene: Scene) -> list[Line]:
        """Draw the connection, where there is one."""
        snapshot = scene.snapshot
        if snapshot is None or snapshot.connection is None or scene.tier == "tiny":
            return []
        if scene.roomy:
            fields = _long(snapshot, snapshot.connection, scene.space, scene.width)
        elif troubled(scene.frame):
            return []  # the banner names what matters; its rows are needed
        else:
            fields = _short(snapshot, scene.space)
        return [crop(line, scene.width, scene.glyphs.ellipsis) for line in fields]


def _short(snapshot: Snapshot, space: Space) -> list[Line]:
    view, dot = snapshot.connection, f" {space.glyphs.dot} "
    if view is None:
        return []
    servers = [sanitize(server, limit=80) for server in view.bootstrap_servers]
    more = f" +{len(servers) - 1} more" if len(servers) > 1 else ""
    to = f"{servers[0] if servers else ''}{more}{dot}topic {_topic(snapshot, view)}"
    return [
        ((" to  ", "label"), (to, "text")),
        ((" as  ", "label"), (_who(view, dot), "text"), *_ca(view, snapshot, f"{dot}CA ")),
    ]


def _long(snapshot: Snapshot, view: ConnectionView, space: Space, width: int) -> list[Line]:
    dot = f" {space.glyphs.dot} "
    servers = wrap(", ".join(sanitize(server, limit=80) for server in view.bootstrap_servers), max(10, width - _LABEL))
    lines = _fields("Topic", _topic(snapshot, view), width)
    lines += [_field("Servers" if index == 0 else "", text(row)) for index, row in enumerate(servers[:3])]
    if view.connection_type == ConnectionType.SASL_SSL:
        who = f"{sanitize(view.username or '', limit=60)}{dot}{view.sasl_mechanism or ''}"
        lines += _fields("As", who, width)
        lines += _fields("Password", _password(view), width)
        lines.append(_field("TLS", _ca(view, snapshot, "CA ") or text("the system's trust store")))
    else:
        lines += _fields("As", _who(view, dot), width)
    changed = f"{date_time(view.changed_at)} by {sanitize(view.changed_by, limit=40)}"
    return [*lines, *_fields("Saved", changed, width, "label")]


def _fields(label: str, words: str, width: int, ink: str = "text") -> list[Line]:
    """Write a field in two rows at most: who looks it up needs all of it."""
    rows = wrap(words, max(10, width - _LABEL))[:2]
    return [_field("" if index else label, text(row, ink)) for index, row in enumerate(rows)]


def _field(label: str, value: Line) -> Line:
    return (*fit(text(f" {label}", "label"), _LABEL), *value)


def _topic(snapshot: Snapshot, view: ConnectionView) -> str:
    count = "" if snapshot.partition_count is None else f" ({counted(snapshot.partition_count, 'partition')})"
    return sanitize(view.topic, limit=249) + count


def _who(view: ConnectionView, dot: str) -> str:
    if view.connection_type != ConnectionType.SASL_SSL:
        return "anyone: unencrypted, no authentication"
    user = sanitize(view.username or "", limit=60)
    return f"{user}{dot}{view.sasl_mechanism or ''} over TLS"


def _password(view: ConnectionView) -> str:
    """Say where it is, never what it is."""
    source = sanitize(view.password_source or "", limit=80)
    return source if ":" in source else "kept by the agent"


def _ca(view: ConnectionView, snapshot: Snapshot, lead: str) -> Line:
    ca: CaSummary | None = view.ca
    if ca is None:
        return ()
    days = (ca.expires - snapshot.as_of).days
    token = "bad" if days < 0 else "warn" if days < _WARN_DAYS else "text"
    left = "expired" if days < 0 else f"{days:,} d left"
    return ((f"{lead}{sanitize(ca.subject, limit=40)}, ", "text"), (left, token))
