"""Lost payloads: the filter as people write it, and what the composed agent does with them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights_tui.agent.agent import Agent
from insights_tui.agent.lost import LostLetters
from insights_tui.delivery.engine import Engine
from insights_tui.domain.answers import LostPayload
from insights_tui.domain.lost import EXPIRED, LostFilter, for_redrive, parse_ids, parse_reasons, parse_time
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.outcome import Outcome
from insights_tui.domain.refused import RefusedError
from insights_tui.settings import load_settings
from insights_tui.spool.base import CommitTimeoutError, SpoolFullError
from tests.agent.statuses import status

NOW = datetime(2026, 11, 22, 12, 4, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("90s", NOW - timedelta(seconds=90)),
        ("10m", NOW - timedelta(minutes=10)),
        ("1h30m", NOW - timedelta(minutes=90)),
        (" 2D ", NOW - timedelta(days=2)),
        ("0s", NOW),
        ("2026-11-22T12:00:00Z", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ("2026-11-22T14:00:00.250+02:00", datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)),
    ],
)
def test_times_are_rfc_3339_or_how_long_ago(text: str, at: datetime) -> None:
    assert parse_time(text, NOW) == at
    assert parse_time(text, NOW.astimezone()).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text", ["", "h", "-5m", "10", "5m1h", "1.5h", "2026-11-22T12:00:00", "2026-11-22", "999999999d", "٣m", "noon"]
)
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="2026-11-22T12:00:00Z, or how long ago"):
        parse_time(text, NOW)


@given(st.text())
def test_any_text_is_a_time_or_refused(text: str) -> None:
    for parse in (lambda: parse_time(text, NOW), lambda: parse_reasons([text]), lambda: parse_ids([text])):
        with contextlib.suppress(ValueError):
            parse()


def test_reasons_are_read_as_people_write_them() -> None:
    assert parse_reasons([]) == frozenset()
    assert parse_reasons(["Expired"]) == EXPIRED
    assert parse_reasons(["rejected, expired-unsent", "damaged"]) == {
        Outcome.REJECTED,
        Outcome.EXPIRED_UNSENT,
        Outcome.DAMAGED,
    }
    with pytest.raises(ValueError, match="known are rejected, expired_unsent"):
        parse_reasons(["delivered"])


def test_the_filter_in_words() -> None:
    assert LostFilter().words == "all"
    assert for_redrive(LostFilter(), everything=False).words == (
        "expired unsent or expired unknown, not acknowledged late"
    )
    assert LostFilter(since=NOW, ids=frozenset("a")).words == "lost since 2026-11-22 12:04:31Z, with 1 id given"


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Agent]:
    """An agent whose payloads have a fifth of a second, and no Kafka."""
    settings = load_settings(
        environ={
            "INSIGHTS_STATE_DIR": str(tmp_path / "state"),
            "INSIGHTS_LISTEN": "127.0.0.1:0",
            "INSIGHTS_DELIVERY__DEADLINE_S": "0.2",
            "INSIGHTS_DELIVERY__DURABILITY": "memory",
        }
    )
    running = Agent(settings, places=settings.places, mode="service")
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def control(agent: Agent) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.AsyncHTTPTransport(uds=str(agent.socket))
    async with httpx.AsyncClient(transport=transport, base_url="http://agent") as client:
        yield client


async def _lose(agent: Agent, control: httpx.AsyncClient, count: int) -> None:
    before = agent.snapshot().counts.lost
    body = "".join(f'{{"score": {number}}}\n' for number in range(count))
    kind = {"Content-Type": "application/x-ndjson"}
    assert (await control.post("/v1/payloads", content=body, headers=kind)).status_code == 200
    async with asyncio.timeout(20):
        while agent.snapshot().counts.lost < before + count:
            await asyncio.sleep(0.01)


async def _list(control: httpx.AsyncClient, query: str = "") -> list[LostPayload]:
    answer = await control.get(f"/v1/lost{query}")
    return [msgspec.json.decode(line, type=LostPayload) for line in answer.content.splitlines()]


async def test_what_was_lost_is_listed_looked_at_and_paged(agent: Agent, control: httpx.AsyncClient) -> None:
    await _lose(agent, control, 5)
    found = await _list(control)
    assert [one.reason for one in found] == [Outcome.EXPIRED_UNSENT] * 5
    assert all(one.value is None and one.value_bytes > 0 and one.why for one in found)
    assert all(one.accepted_at is not None and one.accepted_at < one.lost_at for one in found)
    assert await _list(control, f"?limit=2&after={found[1].seq}") == found[2:4]
    assert await _list(control, "?since=1h") == found
    assert await _list(control, "?until=1h") == []
    assert await _list(control, "?reason=rejected") == []
    one = (await control.get(f"/v1/lost/{found[3].id}")).json()
    assert '"score":3' in one["value"].replace(" ", "")
    assert (await _list(control, "?values=1&limit=1"))[0].value is not None


async def test_a_redrive_accepts_again_and_says_who_did_it(agent: Agent, control: httpx.AsyncClient) -> None:
    await _lose(agent, control, 3)
    lost = await _list(control)
    answer = await control.post("/v1/lost/redrive", json={"id": [lost[0].id, lost[1].id]})
    assert answer.json() == {"redriven": 2, "lost_open": 1}
    snapshot = agent.snapshot()
    counts = snapshot.counts
    assert (counts.accepted, counts.pending, counts.expired_unsent, snapshot.redriven) == (5, 2, 3, 2)
    assert snapshot.balanced
    assert snapshot.lost_open == 1
    assert any("1 of 3 lost payloads" in problem.what for problem in snapshot.problems)
    [event] = [event for event in snapshot.events if event.code == "lost_redriven"]
    assert "2 lost payloads redriven (asked for: rejected or expired unsent or" in event.text
    assert event.actor is not None
    assert "uid" in event.actor
    assert [one.state for one in await _list(control, "?state=any")] == ["redriven", "redriven", "open"]
    async with asyncio.timeout(20):
        while agent.snapshot().lost_open < 3:  # their new deadline passes too, under the same ids
            await asyncio.sleep(0.01)
    assert {one.id for one in await _list(control)} == {one.id for one in lost}


async def test_dropping_closes_them_and_keeps_the_count(agent: Agent, control: httpx.AsyncClient) -> None:
    await _lose(agent, control, 3)
    assert (await control.delete("/v1/lost?reason=rejected")).json() == {"dropped": 0, "lost_open": 3}
    assert (await control.delete("/v1/lost?all=true")).json() == {"dropped": 3, "lost_open": 0}
    snapshot = agent.snapshot()
    assert (snapshot.counts.expired_unsent, snapshot.lost_open, snapshot.balanced) == (3, 0, True)
    assert [event.text for event in snapshot.events if event.code == "lost_dropped"] == [
        "3 lost payloads dropped (asked for: all).",
        "0 lost payloads dropped (asked for: rejected).",
    ]
    assert await _list(control) == []


async def test_damage_is_shown_until_somebody_has_dealt_with_it(agent: Agent, control: httpx.AsyncClient) -> None:
    await _lose(agent, control, 1)
    agent.note(Occurrence("error", "spool_damaged", "000001.db", "1 payload cannot be read.", fix="Check the disk."))
    assert "spool_damaged" in {problem.code for problem in agent.snapshot().problems}
    await control.delete("/v1/lost?reason=rejected")
    assert "spool_damaged" in {problem.code for problem in agent.snapshot().problems}
    await control.delete("/v1/lost?reason=damaged")
    assert "spool_damaged" not in {problem.code for problem in agent.snapshot().problems}
    assert agent.snapshot().lost_open == 1
    agent.note(Occurrence("error", "spool_damaged", "000001.db", "1 payload cannot be read.", fix="Check the disk."))
    await control.delete("/v1/lost?all=1")
    assert "spool_damaged" not in {problem.code for problem in agent.snapshot().problems}


class _Failing:
    """An engine that redrives some and then cannot."""

    def __init__(self, *chunks: int | Exception) -> None:
        self.chunks = list(chunks)
        self.limits: list[int] = []

    def status(self) -> object:
        return status(lost_open=2500)

    async def redrive(self, _: object, *, limit: int) -> int:
        self.limits.append(limit)
        chunk = self.chunks.pop(0)
        if isinstance(chunk, Exception):
            raise chunk
        return chunk


@pytest.mark.parametrize(
    ("error", "code", "http"),
    [(SpoolFullError(), "disk_full", 507), (CommitTimeoutError(), "commit_timeout", 503)],
)
async def test_a_redrive_that_stops_half_way_says_how_far_it_came(error: Exception, code: str, http: int) -> None:
    told: list[Occurrence] = []
    engine: Engine = _Failing(1000, error)  # type: ignore[assignment]  # what LostLetters uses of it
    with pytest.raises(RefusedError, match="1,000 payloads redriven, then") as refused:
        await LostLetters(engine, told.append).redrive(LostFilter(), actor="me")
    assert (refused.value.errors[0].code, refused.value.status) == (code, http)
    assert [(one.actor, one.text) for one in told] == [("me", "1,000 lost payloads redriven (asked for: all).")]


async def test_a_redrive_never_chases_what_is_lost_again_meanwhile() -> None:
    failing = _Failing(1000, 1000, 500, 1000)
    engine: Engine = failing  # type: ignore[assignment]  # what LostLetters uses of it
    done = await LostLetters(engine, lambda _: None).redrive(LostFilter(), actor="me")
    assert done.redriven == 2500
    assert failing.limits == [1000, 1000, 500]
