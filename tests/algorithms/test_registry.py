"""The algorithms of an agent: they appear, are turned on and off, are kept, and are bounded."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from insights_tui.agent.algorithms.file import AlgorithmsFile
from insights_tui.agent.algorithms.registry import Registry
from insights_tui.domain.algorithms import Which
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.refused import RefusedError
from insights_tui.domain.report import Names, read_report
from tests.spool.machine import FakeClock

ONE, TWO = Names("acme", "score", "1.0.0"), Names("acme", "score", "2.0.0")


@asynccontextmanager
async def running(
    folder: Path, clock: FakeClock | None = None, notes: list[Occurrence] | None = None, *, default_on: bool = True
) -> AsyncIterator[Registry]:
    kept = notes if notes is not None else []
    registry = Registry(
        AlgorithmsFile(folder / "algorithms.db"), clock or FakeClock(), kept.append, default_on=default_on
    )
    await registry.start()
    try:
        yield registry
    finally:
        await registry.stop()


def report(registry: Registry, names: Names, value: float = 1.0) -> bool:
    """Do as ingest does."""
    entry = registry.entry(names)
    if entry.on:
        registry.took(entry, (read_report({"a": value}),), b'{"a":%f}' % value)
    else:
        registry.refused(entry, 1)
    registry.fold()
    return entry.on


async def test_the_latest_payload_is_told_of_one_alone_and_outlives_the_process(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running(tmp_path, clock) as registry:
        report(registry, ONE, 1)
        at = clock.now().utc
        report(registry, ONE, 2)
        found = await registry.one(Which(*ONE))
        assert found is not None
        assert (found.payload, found.payload_bytes, found.payload_at) == ('{"a":2.000000}', 14, at)
        assert [one.payload for one in (await registry.listed(metrics=True)).algorithms] == [None]
    async with running(tmp_path, clock) as registry:
        clock.sleep(1)
        registry.refused(registry.entry(ONE), 1)
        again = await registry.one(Which(*ONE))
        assert again is not None
        assert (again.payload, again.payload_at, again.disabled) == ('{"a":2.000000}', at, 1)
        registry.took(registry.entry(ONE), (read_report({"a": 1}),), b"0" * 4097)
        longer = await registry.one(Which(*ONE))
        assert longer is not None
        assert (longer.payload, longer.payload_bytes) == (None, 4097)


async def test_they_appear_and_outlive_the_process(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running(tmp_path, clock) as registry:
        assert report(registry, ONE, 5)
        clock.sleep(1)
        assert report(registry, TWO)
        registry.fold()
        assert [one.version for one in (await registry.listed()).algorithms] == ["2.0.0", "1.0.0"]
    async with running(tmp_path, clock) as registry:
        clock.sleep(1)
        report(registry, ONE, -1)
        found = await registry.one(Which(*ONE))
        assert found is not None
        assert (found.payloads, found.metrics[0].min, found.metrics[0].max) == (2, -1, 5)
        listed = await registry.listed()
        assert [(one.version, one.payloads) for one in listed.algorithms] == [("1.0.0", 2), ("2.0.0", 1)]
        assert (await registry.listed(limit=1)).total == 2
        assert await registry.one(Which("acme", "score", "3.0.0")) is None


@pytest.mark.parametrize("default_on", [True, False])
async def test_the_version_rules_then_the_algorithm_then_the_default(tmp_path: Path, default_on: bool) -> None:
    notes: list[Occurrence] = []
    async with running(tmp_path, notes=notes, default_on=default_on) as registry:
        assert report(registry, ONE) is default_on
        await registry.switch(Which("acme", "score"), on=not default_on, actor="ann")
        assert report(registry, ONE) is not default_on
        await registry.switch(Which(*TWO), on=default_on, actor="ann")
        assert (report(registry, ONE), report(registry, TWO)) == (not default_on, default_on)
    async with running(tmp_path, notes=notes, default_on=default_on) as registry:
        assert (report(registry, ONE), report(registry, TWO)) == (not default_on, default_on), "kept"
        listed = await registry.switch(Which("acme", "score"), on=None, actor="bob")
        assert report(registry, ONE) is default_on
        assert {one.version: one.decided_by for one in listed.algorithms} == {"1.0.0": "default", "2.0.0": "version"}
        assert [(one.version, one.changed_by) for one in listed.switches] == [("2.0.0", "ann")]
    assert {(note.code, note.actor) for note in notes} == {("insights_switched", "ann"), ("insights_switched", "bob")}


async def test_one_that_never_reported_can_be_turned_off_before(tmp_path: Path) -> None:
    async with running(tmp_path) as registry:
        listed = await registry.switch(Which(*ONE), on=False, actor="ann")
        assert [(one.version, one.insights_enabled, one.last_at) for one in listed.algorithms] == [
            ("1.0.0", False, None)
        ]
        assert not report(registry, ONE)
        found = await registry.one(Which(*ONE))
        assert found is not None
        assert (found.payloads, found.disabled) == (0, 1)


async def test_hostile_names_are_bounded_in_memory_and_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("insights_tui.agent.algorithms.registry.HELD", 50)
    monkeypatch.setattr("insights_tui.agent.algorithms.file.KEPT", 80)
    clock, notes = FakeClock(), list[Occurrence]()
    async with running(tmp_path, clock, notes) as registry:
        await registry.switch(Which("evil", "0"), on=False, actor="ann")
        for number in range(300):
            clock.sleep(0.01)
            report(registry, Names("evil", str(number), "1"))
            if number % 40 == 0:
                await registry.listed()
            assert len(registry.entries) <= 50
        listed = await registry.listed()
        assert (len(listed.algorithms), listed.algorithms[0].name) == (80, "299"), "those silent longest went"
        assert listed.forgotten == 220
        assert not registry.entry(Names("evil", "0", "1")).on, "a switch is never forgotten"
    assert "algorithms_forgotten" in {note.code for note in notes}


async def test_there_are_only_so_many_switches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("insights_tui.agent.algorithms.registry.MAX_SWITCHES", 1)
    async with running(tmp_path) as registry:
        await registry.switch(Which(*ONE), on=False, actor="ann")
        await registry.switch(Which(*ONE), on=True, actor="ann")
        with pytest.raises(RefusedError, match="switches already"):
            await registry.switch(Which(*TWO), on=False, actor="ann")


async def test_what_changes_about_a_metric_is_an_event_fit_for_a_terminal(tmp_path: Path) -> None:
    notes: list[Occurrence] = []
    async with running(tmp_path, notes=notes) as registry:
        names = Names("acme", "\x1b[31mred", "1")
        report(registry, names, 1)
        registry.took(registry.entry(names), (read_report({"a": True}),), b'{"a":1}')
        registry.fold()
    (note,) = notes
    assert (note.code, note.level) == ("metric_type", "warning")
    assert "was a number; now it is true or false" in note.text
    assert "\x1b" not in note.text + note.subject


async def test_a_file_that_cannot_be_read_is_kept_and_replaced(tmp_path: Path) -> None:
    (tmp_path / "algorithms.db").write_bytes(b"nothing of ours " * 300)
    notes: list[Occurrence] = []
    async with running(tmp_path, notes=notes) as registry:
        report(registry, ONE)
        assert (await registry.listed()).total == 1
    assert [note.code for note in notes] == ["algorithms_file"]
    assert names_in(tmp_path) == ["algorithms.db", "algorithms.db.damaged"]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name.partition("-")[0] for path in folder.iterdir())
