"""Whose news the screen shows: one agent, or another one of those that were named."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from insights_tui.client.protocol import AgentApi
from insights_tui.domain.text import spell
from insights_tui.tui.feed import Feed
from insights_tui.tui.frame import Frame
from insights_tui.tui.messages import FrameArrived
from insights_tui.tui.on_terminal import OnTerminal
from insights_tui.tui.screens.agents import Look, Place


class Following(OnTerminal):
    """An application that follows one agent at a time."""

    def __init__(
        self, client: AgentApi, places: Sequence[Place], *, interval_s: float, read_only: bool, **options: Any
    ) -> None:
        """Begin with `client`, of the first of `places` where there are some; `options` are those of `OnTerminal`."""
        super().__init__(**options)
        self.client = client
        self.frame = Frame()
        self.feed = Feed(client, interval_s=interval_s)
        self.read_only = read_only
        self.places = tuple(places)
        self.place = self.places[0] if self.places else None
        self.looks: dict[Path, Look] = {}
        """What is known of each of them, by its socket."""
        self._interval_s = interval_s

    def on_mount(self) -> None:
        """Start the feed."""
        self._follow()

    def _follow(self) -> None:
        """Follow one agent; whichever was followed before is not any more."""
        feed = self.feed
        self.run_worker(
            feed.run(lambda frame: self.post_message(FrameArrived(frame, feed))), group="feed", exclusive=True
        )

    async def attach(self, place: Place) -> None:
        """Show another agent; nothing of the former one is left on the page."""
        former, self.client, self.place = self.client, place.open(), place
        self.frame, self.feed = Frame(), Feed(self.client, interval_s=self._interval_s)
        await self.forget()
        self._follow()
        await former.close()

    async def forget(self) -> None:
        """Take away what is shown of the agent that was followed until now."""

    def name_of(self, place: Place) -> str:
        """Name an agent: its installation, or where its socket is while that is not known."""
        known = self.looks.get(place.socket, Look()).snapshot
        name = (
            (known.agent.installation or known.agent.host) if known is not None else "/".join(place.socket.parts[-2:])
        )
        return spell(name, limit=60)

    def take(self, message: FrameArrived) -> bool:
        """Keep a frame as the newest; false where it is of an agent that is not followed any more."""
        if message.source is not self.feed:
            return False
        if self.place is not None and message.frame.snapshot is not None:
            self.looks[self.place.socket] = Look(message.frame.snapshot)
        number = self.places.index(self.place) + 1 if self.place is not None else 0
        which = f"agent {number} of {len(self.places)}" if len(self.places) > 1 else ""
        self.frame = replace(message.frame, read_only=self.read_only, agent=which)
        return True
