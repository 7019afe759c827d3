"""The sentence that the program is about, as a test."""

import asyncio

from insights_tui.delivery.engine import Engine
from insights_tui.delivery.settings import DeliverySettings
from insights_tui.domain.clock import SystemClock
from insights_tui.domain.payload import Draft
from insights_tui.spool.memory import MemorySpool
from tests.engine.cluster import MockCluster
from tests.engine.waiting import until


async def test_an_asyncio_producer_task_consumes_an_in_process_queue_of_payloads_with_deadline_aware_retries(
    mock_cluster: MockCluster,
) -> None:
    mock_cluster.create("insights")
    drafts = [Draft(f"id-{number}", b'{"risk_score": %d}' % number) for number in range(1000)]
    engine = Engine(spool=MemorySpool(), clock=SystemClock(), settings=DeliverySettings(), on_occurrence=lambda _: None)
    await engine.start()

    await engine.accept(drafts)  # while there is no Kafka: they queue, and their deadlines run
    assert engine.status().counts.queued == 1000
    assert 239 < (engine.status().next_loss_s or 0) <= 240

    engine.use(mock_cluster.connection("insights"))
    await until(lambda: engine.status().counts.delivered == 1000)
    counts = await engine.stop(grace_s=5)

    records = await asyncio.to_thread(mock_cluster.read, "insights", 1000)
    assert {record.value() for record in records} == {draft.value for draft in drafts}
    assert {dict(record.headers())["insights-id"].decode() for record in records} == {draft.id for draft in drafts}
    assert (counts.accepted, counts.delivered, counts.pending, counts.balanced) == (1000, 1000, 0, True)
    assert asyncio.all_tasks() == {asyncio.current_task()}
