"""A cluster that hangs, moves or goes away on a fake broker: nothing is lost, and no other partition waits."""

import asyncio

from insights_tui.domain.clock import SystemClock
from insights_tui.domain.connection import Connection, Server
from insights_tui.domain.payload import Draft
from insights_tui.domain.trouble import Code
from tests.engine.setup import Running, drafts, running
from tests.engine.waiting import until
from tests.fakes.broker import FakeCluster, Spoil

_METADATA, _PRODUCE = 3, 0


async def test_a_missing_topic_waits_is_never_created_and_recovers_by_itself() -> None:
    async with FakeCluster() as cluster, running(cluster.connection()) as run:
        await run.engine.accept(drafts(10))
        await until(lambda: Code.TOPIC_MISSING in run.codes())
        assert run.engine.status().link.phase == "down"
        assert run.engine.status().counts.queued == 10
        cluster.create("insights")
        await until(lambda: run.delivered() == 10)
        assert run.engine.status().link.phase == "up"
        assert not run.codes()
        assert cluster.creations == 0


async def test_no_permission_waits_and_recovers_by_itself() -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights", 4)
        cluster.spoil = Spoil(29, append=False)
        async with running(cluster.connection()) as run:
            await run.engine.accept(drafts(10))
            await until(lambda: Code.NOT_AUTHORIZED in run.codes())
            assert run.engine.status().counts.pending == 10
            cluster.spoil = Spoil()
            await until(lambda: run.delivered() == 10)
            assert not run.codes()


async def test_a_partition_without_leader_is_no_metadata_storm_and_holds_up_no_other() -> None:
    async with FakeCluster() as cluster:
        topic = cluster.create("insights", 3)
        topic.leaders[1] = -1
        async with running(cluster.connection(), backoff_cap_s=0.05) as run:
            await run.engine.accept(drafts(1000))
            await until(lambda: run.delivered() == 1000)
            before = cluster.brokers[0].requests[_METADATA]
            loop = asyncio.get_running_loop()
            start = loop.time()
            await until(lambda: cluster.brokers[0].requests[_METADATA] >= before + 5)
            assert loop.time() - start > 5 * 0.02
            states = {part.id: part.state for part in run.engine.status().partitions}
            assert states == {0: "ok", 1: "no_leader", 2: "ok"}
            topic.leaders[1] = 1
            await until(lambda: run.engine.status().partitions[1].state == "ok")


async def test_a_leader_that_moves_is_followed() -> None:
    async with FakeCluster(2) as cluster:
        topic = cluster.create("insights", 1)
        async with running(cluster.connection()) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            topic.leaders[0] = 2
            await run.engine.deliver(Draft("second", b"{}"), 5)
            assert len(cluster.ids()) == 2


async def test_a_silent_broker_is_told_within_its_timeout_and_holds_up_no_other() -> None:
    async with FakeCluster(3) as cluster:
        cluster.create("insights", 3)
        async with running(cluster.connection()) as run:
            await run.engine.accept(drafts(300))
            await until(lambda: run.delivered() == 300)
            cluster.brokers[1].mood = "silent"
            total, before = 300, cluster.brokers[1].requests[_PRODUCE]
            for turn in range(500):
                if turn >= 20 and cluster.brokers[1].requests[_PRODUCE] > before:
                    break  # on a busy machine the other two may be quicker for a while
                await run.engine.accept(drafts(50, f"turn{turn}"))
                total += 50
                await asyncio.sleep(0.01)
            await until(lambda: run.engine.status().brokers[1].state == "down")
            await until(lambda: run.engine.status().counts.pending == run.engine.status().counts.retrying)
            frozen = run.engine.status().counts.retrying
            assert run.delivered() == total - frozen, "what went to the others is delivered"
            assert 0 < frozen <= 50, "one batch waits for what the broker says of it"
            assert Code.BROKER_UNREACHABLE in run.codes()
            assert run.engine.status().link.phase == "up"
            cluster.brokers[1].mood = "well"
            await until(lambda: run.engine.status().brokers[1].state == "up")
            await until(lambda: run.delivered() == total)
            await until(lambda: not run.codes())
            assert len(cluster.ids()) == total


async def test_kafka_that_lets_a_request_wait_is_told_as_slow() -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights")
        async with running(cluster.connection(), request_timeout_s=2.0) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            cluster.brokers[0].mood = "silent"
            await run.engine.accept(drafts(1))
            await until(lambda: Code.KAFKA_SLOW in run.codes())
            assert (run.engine.status().longest_unanswered_s or 0) >= 0.1


async def test_brokers_that_all_let_requests_wait_are_one_problem() -> None:
    async with FakeCluster(2) as cluster:
        cluster.create("insights", 2)
        async with running(cluster.connection(), request_timeout_s=5.0) as run:
            await run.engine.accept(drafts(10))
            await until(lambda: [broker.state for broker in run.engine.status().brokers] == ["up", "up"])
            await until(lambda: run.delivered() == 10)
            for broker in cluster.brokers:
                broker.mood = "silent"
            for turn in range(500):
                if all(part.in_flight for part in run.engine.status().partitions):
                    break
                await run.engine.accept(drafts(1, f"turn{turn}"))
                await asyncio.sleep(0.01)
            await until(lambda: any("None of the 2" in one.trouble.what for one in run.engine.status().troubles))
            (active,) = run.engine.status().troubles
            assert active.trouble.subject == cluster.connection().bootstrap


async def test_an_idle_connection_that_was_cut_off_is_noticed() -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights")
        async with running(cluster.connection(), ping_s=0.1, metadata_s=100.0) as run:
            await until(lambda: run.engine.status().link.phase == "up")
            cluster.brokers[0].mood = "silent"
            await until(lambda: run.engine.status().brokers[0].state == "down")
            assert Code.KAFKA_UNREACHABLE in run.codes()


async def test_kafka_that_goes_away_and_comes_back_loses_nothing() -> None:
    async with FakeCluster(2) as cluster:
        cluster.create("insights", 4)
        async with running(cluster.connection()) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            for broker in cluster.brokers:
                await broker.stop()
            await run.engine.accept(drafts(500))
            await until(lambda: Code.KAFKA_UNREACHABLE in run.codes())
            assert run.engine.status().link.phase == "down"
            for broker in cluster.brokers:
                await broker.start()
            await until(lambda: run.delivered() == 501)
            assert len(cluster.ids()) == 501
            await until(lambda: not run.codes())


async def test_a_cluster_that_moved_is_found_again_through_the_bootstrap_list() -> None:
    async with FakeCluster(2) as cluster, FakeCluster() as away:
        cluster.create("insights", 2)
        entry = cluster.brokers[0]
        async with running(Connection("insights", (entry.server,)), stall_s=0.3) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            await entry.stop()
            await cluster.brokers[1].stop()
            moved = cluster.brokers[1]
            moved.port = 0
            await moved.start()  # another port: nothing but the bootstrap server knows it
            cluster.topics["insights"].leaders[:] = [2, 2]
            await run.engine.accept(drafts(10))
            await until(lambda: run.engine.status().link.generation > 1)
            cluster.unlisted.add(1)
            await entry.start()
            await until(lambda: run.delivered() == 11)
        assert away.brokers[0].connections == 0


async def test_an_advertised_address_that_leads_nowhere_is_named() -> None:
    async with FakeCluster() as cluster:
        cluster.create("insights")
        cluster.brokers[0].advertised = Server("kafka-1.invalid", 9092)
        async with running(cluster.connection()) as run:
            await run.engine.accept(drafts(1))
            await until(lambda: Code.NAME_NOT_RESOLVED in run.codes())
            trouble = next(
                one.trouble for one in run.engine.status().troubles if one.trouble.code is Code.NAME_NOT_RESOLVED
            )
            assert "kafka-1.invalid" in trouble.what
            assert "advertised.listeners" in trouble.act


async def test_an_outage_stands_since_it_began_whatever_server_each_new_client_meets() -> None:
    async with FakeCluster(3) as cluster:
        cluster.create("insights", 3)
        async with running(cluster.connection(), stall_s=0.3) as run:
            await run.engine.deliver(Draft("first", b"{}"), 5)
            for broker in cluster.brokers:
                broker.mood = "silent"
            await run.engine.accept(drafts(5))
            await until(lambda: run.engine.status().link.phase == "down")
            before, seen = run.engine.status().link.generation, SystemClock().boot()
            await until(lambda: run.engine.status().link.generation >= before + 4)
            await until(lambda: run.engine.status().link.phase == "down")
            (active,) = run.engine.status().troubles
            assert active.trouble.code is Code.KAFKA_UNREACHABLE
            assert active.trouble.subject == cluster.connection().bootstrap
            assert active.trouble.what.startswith("None of the 3 servers works. ")
            assert active.since.boot <= seen, "not since the last attempt"


async def test_a_client_that_is_replaced_again_and_again_for_one_reason_is_told_once() -> None:
    """A batch in doubt whose partition cannot be reached: every new client finds the same."""
    async with FakeCluster() as cluster:
        cluster.create("insights")

        def told(run: Running) -> int:
            codes = [one.code for one in run.told]
            assert codes.count("connected") <= codes.count("client_replaced") + 1
            return codes.count("client_replaced")

        async with running(cluster.connection(), stall_s=0.2, request_timeout_s=5.0) as run:
            for incident in (1, 2):
                cluster.spoils.append(Spoil(7))
                cluster.spoil = Spoil(answer="silence", append=False)
                before = run.engine.status().link.generation
                await run.engine.accept(drafts(1, f"incident{incident}"))
                await until(lambda: run.engine.status().link.generation >= before + 3)  # noqa: B023 - waited for here
                assert told(run) == incident
                cluster.spoil = Spoil()
                await until(lambda: run.delivered() == incident)  # noqa: B023 - waited for here
        assert len(cluster.ids()) == 2
