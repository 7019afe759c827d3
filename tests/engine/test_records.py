"""Record batches, read back by aiokafka's reader and, from the mock cluster, by librdkafka."""

import asyncio

import pytest
from aiokafka.record.default_records import DefaultRecordBatch
from hypothesis import given
from hypothesis import strategies as st

from insights_tui.domain.payload import Payload
from insights_tui.kafka.records import Codec, ProducerState, cloud_event, encode, varint
from insights_tui.kafka.stamps import UNSTAMPED, Stamp
from tests.engine.cluster import MockCluster
from tests.engine.setup import drafts, running
from tests.engine.waiting import until

CODECS: tuple[Codec, ...] = ("none", "gzip", "snappy", "lz4", "zstd")


@pytest.mark.parametrize("codec", CODECS)
@given(
    st.lists(
        st.tuples(
            st.text("0123456789abcdef-", max_size=40),
            st.binary(max_size=200),
            st.none() | st.binary(max_size=20),
            st.integers(0, 2**41),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_every_batch_is_read_back_as_it_was_meant(
    codec: Codec, rows: list[tuple[str, bytes, bytes | None, int]]
) -> None:
    payloads = [Payload(seq, *row, deadline=1.0) for seq, row in enumerate(rows)]
    batch = DefaultRecordBatch(encode(payloads, codec))
    assert batch.validate_crc()
    assert (batch.producer_id, batch.producer_epoch, batch.base_sequence) == (-1, -1, -1)
    assert batch.max_timestamp == max(row[3] for row in rows)
    for payload, record in zip(payloads, batch, strict=True):
        assert (record.key, record.value, record.timestamp) == (payload.key, payload.value, payload.accepted_ms)
        assert record.headers == [
            ("insights-id", payload.id.encode()),
            ("insights-accepted-at", str(payload.accepted_ms).encode()),
            ("content-type", b"application/json"),
        ]


def test_cloud_events_are_headers_beside_ours() -> None:
    payloads = [
        Payload(seq, "i" * size, b'{"a":1}', b"k", 7 + seq, 1.0) for seq, size in enumerate((36, 36, 5, 0, 300))
    ]
    plain = [record.headers for record in DefaultRecordBatch(encode(payloads, "none"))]
    batch = DefaultRecordBatch(encode(payloads, "none", event=cloud_event("/insights/prod-eu")))
    assert batch.validate_crc()
    for payload, record, ours in zip(payloads, batch, plain, strict=True):
        assert (record.key, record.value) == (b"k", b'{"a":1}'), "binary mode leaves the value alone"
        assert record.headers == [
            *ours,
            ("ce_specversion", b"1.0"),
            ("ce_type", b"insights.payload"),
            ("ce_source", b"/insights/prod-eu"),
            ("ce_id", payload.id.encode()),
        ]


def test_a_stamp_changes_the_timestamps_and_nothing_else() -> None:
    payloads = [Payload(seq, f"id{seq}", b"{}", None, accepted_ms, 1.0) for seq, accepted_ms in enumerate((5, 70, 100))]
    batch = DefaultRecordBatch(encode(payloads, "none", stamp=Stamp(50, 80)))
    assert (batch.first_timestamp, batch.max_timestamp) == (65, 80)
    seen = [(record.timestamp, dict(record.headers)["insights-accepted-at"]) for record in batch]
    assert seen == [(65, b"5"), (70, b"70"), (80, b"100")]
    batch = DefaultRecordBatch(encode(payloads, "none", stamp=UNSTAMPED))
    assert {batch.first_timestamp, batch.max_timestamp, *(record.timestamp for record in batch)} == {-1}


def test_values_beyond_the_table_are_encoded_too() -> None:
    payloads = [
        Payload(1, "a", b"x" * 100_000, None, 1, 1.0),
        Payload(2, "b" * 300, b"y" * 40_000, b"k" * 70_000, 1, 1.0),
    ]
    batch = DefaultRecordBatch(encode(payloads, "none", ProducerState(5, 1, 70)))
    assert (batch.producer_id, batch.producer_epoch, batch.base_sequence) == (5, 1, 70)
    assert [(record.key, record.value) for record in batch] == [(one.key, one.value) for one in payloads]


@pytest.mark.parametrize(
    ("number", "wire"), [(0, "00"), (-1, "01"), (63, "7e"), (64, "8001"), (-64, "7f"), (-65, "8101"), (300, "d804")]
)
def test_varints_are_kafkas(number: int, wire: str) -> None:
    assert varint(number).hex() == wire


@pytest.mark.parametrize("codec", CODECS)
async def test_librdkafka_reads_every_codec(mock_cluster: MockCluster, codec: Codec) -> None:
    mock_cluster.create("insights")
    async with running(mock_cluster.connection("insights"), compression=codec, request_timeout_s=5.0) as run:
        await run.engine.accept(drafts(500, size=200))
        await until(lambda: run.delivered() == 500)
    records = await asyncio.to_thread(mock_cluster.read, "insights", 500)
    assert {record.value() for record in records} == {draft.value for draft in drafts(500, size=200)}
