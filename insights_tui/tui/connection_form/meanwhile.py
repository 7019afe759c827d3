"""Somebody else changed the connection while the form was open: what to say, and what to save over."""

from dataclasses import dataclass, replace

from insights_tui.domain.refused import FieldError
from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import sanitize

CODE = "changed_meanwhile"
_ASKS = "Connect asks before it saves over that."
DELETED = FieldError("deleted", "The connection was deleted meanwhile.", "Connect makes a new one.")


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """The revision that the form was filled from, and the one in use now; 0 where there is none."""

    over: int = 0
    now: int = 0
    told: FieldError | None = None
    """What is to be said, `None` while nothing has changed."""

    def see(self, snapshot: Snapshot) -> "Meanwhile":
        """Look at a newer snapshot; one that is older than what the form was filled from tells nothing."""
        view = snapshot.connection
        revision = view.revision if view is not None else 0
        if revision == self.now or 0 < revision < self.over:
            return self
        if revision == self.over:
            return replace(self, now=revision, told=None)
        if view is None:
            return replace(self, now=0, told=DELETED)
        who = sanitize(view.changed_by, limit=40)
        words = f"{who} saved topic {sanitize(view.topic, limit=80)} at {view.changed_at:%H:%M:%SZ}"
        return replace(self, now=revision, told=FieldError(CODE, f"{words}, after this form was opened.", _ASKS))

    def filled(self, revision: int) -> "Meanwhile":
        """Take the revision that the fields show now."""
        return Meanwhile(revision, revision)

    @property
    def gone(self) -> "Meanwhile":
        """Know that it was deleted."""
        return replace(self, now=0, told=DELETED)

    @property
    def agreed(self) -> "Meanwhile":
        """Save over what is in use now: somebody was asked."""
        return Meanwhile(self.now, self.now)
