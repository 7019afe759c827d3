"""Every member of the cluster is reached and shown, also one that leads none of our partitions."""

import ssl
from pathlib import Path

from tests.engine.setup import Running, drafts, running
from tests.engine.waiting import until
from tests.fakes.broker import FakeCluster
from tests.kafka_cluster.certificates import Authority

_PRODUCE = 0


def states(run: Running) -> list[str]:
    return [broker.state for broker in run.engine.status().brokers]


async def test_a_member_that_leads_nothing_is_visited_and_watched_without_any_payload() -> None:
    async with FakeCluster(4) as cluster:
        cluster.create("insights").leaders[:] = [1]
        await cluster.brokers[3].stop()
        async with running(cluster.connection(), visit_s=0.02, ping_s=0.05) as run:
            await until(lambda: states(run) == ["up", "up", "up", "down"])
            assert run.engine.status().link.phase == "up"
            cluster.brokers[2].mood = "silent"
            await until(lambda: states(run) == ["up", "up", "down", "down"])
            await cluster.brokers[3].start()
            cluster.brokers[2].mood = "well"
            await until(lambda: states(run) == ["up", "up", "up", "up"])
            assert not any(broker.requests[_PRODUCE] for broker in cluster.brokers)


async def test_visits_never_log_in_faster_than_they_may(tmp_path: Path) -> None:
    authority = Authority.create("engine test CA")
    pem = tmp_path / "server.pem"
    pem.write_bytes(authority.server_pem(("127.0.0.1",)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    async with FakeCluster(6, password="right", context=context) as cluster:
        cluster.create("insights").leaders[:] = [1]
        connection = cluster.connection(ca_pem=authority.pem.decode())
        async with running(connection, visit_s=0.2) as run:
            await run.engine.accept(drafts(1))
            await until(lambda: states(run) == ["up"] * 6)
        visits = cluster.login_times[-4:]  # the first two may be the bootstrap server's and the leader's
        assert visits[-1] - visits[0] > 0.45, "three pauses of 0.2 s, less what the answers differ by"
        assert len(cluster.logins) <= 7
