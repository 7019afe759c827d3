"""The durable spool against a simple model: random operations, stops, kills, reboots and broken bits."""

import asyncio
import itertools
import random
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from insights_tui.domain.outcome import Outcome
from insights_tui.domain.payload import Payload
from insights_tui.domain.snapshot import Counts
from insights_tui.spool.base import REDRIVE_DEFAULT, Selection
from insights_tui.spool.durable import DurableSpool, SpoolLimits
from insights_tui.spool.durable.told import add
from tests.spool.machine import FakeClock, Running, drafts

LIMITS = SpoolLimits(window_payloads=40, page_rows=16, rotate_bytes=100_000)


class SpoolMachine(RuleBasedStateMachine):
    """What must be true after every step: no payload is altered, doubled or forgotten, and the books agree."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.root = Path(tempfile.mkdtemp(prefix="spool-model-"))
        self.clock = FakeClock()
        self.names = itertools.count()
        self.broken = False
        """Bits were flipped: damaged payloads may be missing, and outcomes may have come undone."""

    @initialize()
    def begin(self) -> None:
        self.state = self.root / "0"
        self.state.mkdir()
        self.pending: dict[int, Payload] = {}
        self.ended: dict[Outcome, int] = dict.fromkeys(Outcome, 0)
        self.accepted = self.lost_open = self.redriven = 0
        self._open()

    def run(self, coroutine: object) -> object:
        async def bounded() -> object:
            async with asyncio.timeout(20):
                return await coroutine  # type: ignore[misc]

        return self.loop.run_until_complete(bounded())

    def _open(self) -> None:
        async def opening() -> Running:
            spool = DurableSpool(self.state, self.clock, LIMITS)
            running = Running(spool, None)  # type: ignore[arg-type] # known in a moment
            spool.on_arrival = running.arrive
            running.recovered = recovered = await spool.open()
            running.counts, running.lost_open = recovered.counts, recovered.lost_open
            running.hold(recovered.pending)
            return running

        self.live: Running = self.run(opening())  # type: ignore[assignment]

    @rule(count=st.integers(1, 30), deadline_s=st.sampled_from([240.0, 240.0, 240.0, 60.0]))
    def accept(self, count: int, deadline_s: float) -> None:
        payloads: list[Payload] = self.run(
            self.live.accept(drafts(count, f"p{next(self.names)}", size=200), deadline_s)
        )  # type: ignore[assignment]
        self.pending |= {one.seq: one for one in payloads}
        self.accepted += count

    @rule(limit=st.integers(1, 60))
    def load(self, limit: int) -> None:
        async def loading() -> None:
            self.live.hold(await self.live.spool.load(limit))

        self.run(loading())

    @rule(share=st.floats(0.1, 1.0), seed=st.integers(0, 1000), outcome=st.sampled_from(list(Outcome)[:4]))
    def settle(self, share: float, seed: int, outcome: Outcome) -> None:
        held = list(self.live.held.values())
        some = random.Random(seed).sample(held, int(len(held) * share))  # noqa: S311 - a test repeats itself
        if not some:
            return
        self.live.spool.attempting(some)
        self.live.spool.settle_all(some, outcome, "why")
        self.run(self.live.written())
        for payload in some:
            del self.live.held[payload.seq]
            self.pending.pop(payload.seq, None)
        moved = Counts(queued=-len(some), **{outcome.value: len(some)})
        self.live.counts = add(self.live.counts, moved)
        self.ended[outcome] += len(some)
        if outcome.lost:
            self.lost_open += len(some)
            self.live.lost_open += len(some)

    @rule(seconds=st.sampled_from([1.0, 70.0, 250.0]))
    def time_passes_and_what_is_on_disk_expires(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        self.clock.wall += random.Random(seconds).uniform(-1e6, 1e6)  # noqa: S311 - a test repeats itself

        async def expiring() -> None:
            before = self.live.spool.paged
            expired = await self.live.spool.expire()
            count = sum(expired)
            self.live.counts = add(
                self.live.counts,
                Counts(queued=-count, expired_unsent=expired.unsent, expired_unknown=expired.unknown),
            )
            self.live.lost_open += count
            self.lost_open += count
            self.ended[Outcome.EXPIRED_UNSENT] += expired.unsent
            self.ended[Outcome.EXPIRED_UNKNOWN] += expired.unknown
            assert count <= before
            gone = [
                seq for seq, one in self.pending.items() if seq not in self.live.held and one.deadline <= self.clock.at
            ]
            assert self.broken or len(gone) >= count, "nothing expires early"
            left = {one.payload.seq for one in await self.live.spool.lost(Selection(), limit=10_000, open_only=False)}
            for seq in gone:
                if seq in left:
                    del self.pending[seq]

        self.run(expiring())

    @rule(limit=st.integers(1, 20))
    def redrive(self, limit: int) -> None:
        async def redriving() -> None:
            again = await self.live.spool.redrive(REDRIVE_DEFAULT, 240.0, limit=limit)
            count = len(again)
            self.pending |= {one.seq: one for one in again}
            self.accepted += count
            self.redriven += count
            self.lost_open -= count
            self.live.counts = add(self.live.counts, Counts(accepted=count, queued=count))
            self.live.lost_open -= count
            if not again.paged:
                self.live.hold(again)

        self.run(redriving())

    @rule()
    def drop(self) -> None:
        async def dropping() -> None:
            count = await self.live.spool.drop(Selection())
            self.lost_open -= count
            self.live.lost_open -= count
            assert not await self.live.spool.lost(Selection())

        self.run(dropping())

    @rule()
    def stop_in_order(self) -> None:
        self.run(self.live.spool.close())
        self._open()

    @rule()
    def kill(self) -> None:
        self._die()
        self._open()

    @rule()
    def kill_and_reboot(self) -> None:
        self._die()
        self.clock.reboot(down_s=1.0)
        # the wall clock was moved about: ages are what it says now
        self.pending = {seq: one._replace(deadline=0.0) for seq, one in self.pending.items()}
        self._open()

    @precondition(lambda self: hasattr(self, "state"))
    @rule(seed=st.integers(0, 10_000))
    def kill_and_break_bits(self, seed: int) -> None:
        self._die()
        rng = random.Random(seed)  # noqa: S311 - a test repeats itself
        files = sorted(path for path in (self.state / "spool").iterdir() if path.stat().st_size)
        path = rng.choice(files)
        data = bytearray(path.read_bytes())
        for _ in range(rng.randint(1, 3)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        self.broken = True
        self._open()

    def _die(self) -> None:
        self.run(self.live.written())
        after = self.root / str(int(self.state.name) + 1)
        self.run(self.live.power_off(self.state, after))
        self.run(self.live.spool.close())
        shutil.rmtree(self.state)
        self.state = after

    @invariant()
    def the_books_agree(self) -> None:
        if not hasattr(self, "live"):
            return
        self.run(self.live.written())
        counts = self.live.counts
        assert counts.balanced, counts
        for seq, payload in self.live.held.items():
            mine = self.pending.get(seq)
            if mine is not None:
                assert (payload.id, payload.value, payload.key) == (mine.id, mine.value, mine.key)
                assert mine.deadline in (0.0, payload.deadline)
            else:
                assert self.broken, "what ended came back"
        if self.broken:
            return
        assert counts.accepted == self.accepted
        assert counts.pending == len(self.pending)
        assert {outcome: getattr(counts, outcome.value) for outcome in Outcome} == self.ended
        assert self.live.lost_open == self.lost_open
        assert self.live.held.keys() <= self.pending.keys()
        assert self.live.spool.paged == len(self.pending) - len(self.live.held)

    def teardown(self) -> None:
        async def ending() -> None:
            await self.live.load_all()
            await self.live.examined()
            await self.live.load_all()

        try:
            if hasattr(self, "live"):
                self.run(ending())
                if not self.broken:
                    assert self.live.held.keys() == self.pending.keys(), "every payload is handed over in the end"
                assert self.live.counts.pending == len(self.live.held)
                self.run(self.live.spool.close())
        finally:
            self.loop.close()
            shutil.rmtree(self.root)


SpoolMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
TestModel = SpoolMachine.TestCase
