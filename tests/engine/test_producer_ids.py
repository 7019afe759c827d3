"""Asking for producer ids across the clients that come and go."""

import asyncio
from typing import Any, cast

import pytest

from insights_tui.delivery.lane import Lane
from insights_tui.delivery.producer_ids import ProducerIds
from insights_tui.delivery.sequence import ProducerSequences
from insights_tui.delivery.settings import DeliverySettings
from insights_tui.kafka.client import Client


class Silent:
    """A client that is connected and never answers."""

    def connected(self, leader: int | None) -> bool:
        return leader is not None

    async def send(self, leader: int | None, request: object) -> Any:
        await asyncio.Event().wait()


@pytest.mark.parametrize("begun", [True, False], ids=["under way", "not begun"])
async def test_a_client_that_goes_while_it_asks_leaves_the_lane_free_to_ask_again(begun: bool) -> None:
    sequences, changes = ProducerSequences(enabled=True), []
    lane = Lane(0)
    lane.leader = 1
    ids = ProducerIds(
        cast("Client", Silent()), sequences, DeliverySettings(), changed=lambda: changes.append(1), tell=lambda _: None
    )
    now = asyncio.get_running_loop().time()
    ids.tend([lane], now)
    assert not sequences.wants_id(0, now)
    if begun:
        await asyncio.sleep(0)
    (task,) = ids.tasks
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0)
    assert sequences.wants_id(0, now)
    assert not ids.tasks
    assert changes
