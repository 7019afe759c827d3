"""A small Kafka inside the test's own loop, whose every answer can be spoiled.

It knows ApiVersions, Metadata, InitProducerId, Produce and SASL PLAIN, through aiokafka's protocol structs. One
`FakeCluster` holds the topics and what was appended; each `FakeBroker` is a listening socket with faults of its own.
Sequence numbers are held as Apache Kafka holds them (ProducerAppendInfo, ProducerStateEntry).
"""

import asyncio
import io
import ssl
import struct
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from aiokafka.protocol.admin import ApiVersionRequest, SaslAuthenticateRequest, SaslHandShakeRequest
from aiokafka.protocol.api import RequestHeader_v1
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.transaction import InitProducerIdRequest
from aiokafka.record.default_records import DefaultRecordBatch

from insights_tui.domain.connection import Connection, ConnectionType, Mechanism, Secret, Server
from insights_tui.kafka.produce import Produce

Mood = Literal["well", "silent", "closing"]
_REQUEST_MAX = 100 * 1024 * 1024
_METADATA, _PRODUCE, _HANDSHAKE, _VERSIONS, _AUTHENTICATE, _INIT_ID = 3, 0, 17, 18, 36, 22
_CLASSES: dict[int, Any] = {
    _METADATA: MetadataRequest,
    _PRODUCE: Produce,
    _HANDSHAKE: SaslHandShakeRequest,
    _VERSIONS: ApiVersionRequest,
    _AUTHENTICATE: SaslAuthenticateRequest,
    _INIT_ID: InitProducerIdRequest,
}
_SPOKEN = [(_METADATA, 0, 5), (_HANDSHAKE, 0, 1), (_VERSIONS, 0, 0), (_AUTHENTICATE, 0, 0)]
_PRODUCER = struct.Struct(">qhii")
_PRODUCER_AT = 43
"""Where the producer's id, its epoch, the first number and the count stand in a record batch."""
_AFTER_APPEND = (6, 7, 13, 20, 56, -1)
"""Errors that Kafka may answer although it has the batch."""
_WRAP = 0x7FFFFFFF
_REMEMBERED = 5


@dataclass
class Spoil:
    """What happens to one produce request."""

    code: int = 0
    """The error code of the answer."""
    append: bool = True
    answer: Literal["answer", "silence", "close"] = "answer"


@dataclass
class Topic:
    """A topic: who leads each partition (-1: nobody), and what was appended."""

    leaders: list[int]
    logs: list[list[Any]] = field(default_factory=list)
    replicas: list[int] = field(default_factory=lambda: [1, 2, 3])
    out_of_sync: set[int] = field(default_factory=set)
    producers: dict[tuple[int, int], "Seen"] = field(default_factory=dict)
    """By partition and producer id."""

    def __post_init__(self) -> None:
        self.logs = [[] for _ in self.leaders]

    @property
    def in_sync(self) -> list[int]:
        """The replicas that have all of it."""
        return [one for one in self.replicas if one not in self.out_of_sync]


@dataclass
class Seen:
    """What a partition knows of a producer."""

    next: int
    batches: deque[tuple[int, int, int]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    """First number, count and offset of the last ones."""


class FakeBroker:
    """One member: a listening socket that answers as its mood is."""

    def __init__(self, cluster: "FakeCluster", number: int, context: ssl.SSLContext | None = None) -> None:
        self.cluster = cluster
        self.id = number
        self.mood: Mood = "well"
        self.advertised: Server | None = None
        """What the cluster tells of its address, where that is not the truth."""
        self.hold: asyncio.Event | None = None
        """Answers wait until it is set."""
        self.port = 0
        self.requests: Counter[int] = Counter()
        self.connections = 0
        self._context = context
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def server(self) -> Server:
        """Where it listens."""
        return Server("127.0.0.1", self.port)

    async def start(self) -> None:
        """Listen, on the same port as before where it was stopped."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and cut every connection: whoever comes is refused."""
        if self._server is not None:
            self._server.close()
            self.cut()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for _ in range(10):  # those still in their TLS handshake notice that their peer is gone
                await asyncio.sleep(0)
            self._server = None

    def cut(self) -> None:
        """Cut every connection."""
        for writer in list(self._writers):
            writer.transport.abort()

    @property
    def open_connections(self) -> int:
        """Connections that are open."""
        return len(self._writers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        self.connections += 1
        login = Login(self.cluster)
        try:
            while self.mood != "closing":
                (size,) = struct.unpack(">i", await reader.readexactly(4))
                if size > _REQUEST_MAX:  # as Kafka does: a TLS greeting, read as a length, is 369 MB
                    break
                frame = io.BytesIO(await reader.readexactly(size))
                header = RequestHeader_v1.SCHEMA.decode(frame)
                key, version, correlation, _ = header
                self.requests[key] += 1
                if self.mood == "silent":
                    continue
                request = next(one for one in _CLASSES[key]._CLASSES if version == one.API_VERSION)
                answer = self._answer(key, request, request.decode(frame), login)
                if answer == "silence":
                    continue
                if answer == "close":
                    break
                if self.hold is not None:
                    await self.hold.wait()
                body = struct.pack(">i", correlation) + answer.encode()
                writer.write(struct.pack(">i", len(body)) + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            self._tasks.discard(task)
            writer.transport.abort()

    def _answer(self, key: int, request: Any, asked: Any, login: "Login") -> Any:
        answer = request.RESPONSE_TYPE
        if key == _VERSIONS:
            spoken = [*_SPOKEN, (_PRODUCE, 0, self.cluster.produce_version)]
            return answer(0, [*spoken, (_INIT_ID, 0, 0)] if self.cluster.speaks_ids else spoken)
        if key == _HANDSHAKE:
            return answer(0 if asked.mechanism in self.cluster.mechanisms else 33, self.cluster.mechanisms)
        if key == _AUTHENTICATE:
            right = login.check(asked.sasl_auth_bytes)
            return answer(0, None, b"") if right else answer(58, "Authentication failed: \x1b[31mno", b"")
        if not login.done:
            return "close"
        if key == _INIT_ID:
            cluster = self.cluster
            code = cluster.id_codes.popleft() if cluster.id_codes else cluster.id_code
            cluster.last_id += not code
            return answer(0, code, -1 if code else cluster.last_id, 0)
        return self._metadata(answer, asked) if key == _METADATA else self._produce(answer, asked)

    def _metadata(self, answer: Any, asked: Any) -> Any:
        cluster = self.cluster
        cluster.creations += bool(asked.allow_auto_topic_creation)
        listed = [
            (broker.id, *_host_port(broker.advertised or broker.server), None)
            for broker in cluster.brokers
            if broker.id not in cluster.unlisted
        ]
        topics = []
        for name in asked.topics or []:
            topic = cluster.topics.get(name)
            code = cluster.metadata_code or (3 if topic is None else 0)
            parts: list[Any] = [
                (0 if leader >= 0 else 5, number, leader, topic.replicas, topic.in_sync, [])
                for number, leader in (enumerate(topic.leaders) if topic is not None and not code else ())
                if topic is not None
            ]
            topics.append((code, name, False, parts))
        return answer(0, listed, cluster.id, 1, topics)

    def _produce(self, answer: Any, asked: Any) -> Any:
        ((name, ((number, data),)),) = asked.topics
        spoil = self.cluster.spoils.popleft() if self.cluster.spoils else self.cluster.spoil
        topic = self.cluster.topics.get(name)
        code = spoil.code
        if topic is None:
            code = 3
        elif topic.leaders[number] != self.id:
            code, spoil = 6, Spoil(6, append=False, answer=spoil.answer)
        offset = -1
        batch = DefaultRecordBatch(bytes(data))
        assert batch.validate_crc()
        records = list(batch)
        too_large = self.cluster.max_value
        if not code and too_large is not None and any(len(record.value) > too_large for record in records):
            code = 10
        errors = self.cluster.wrong_times(records)
        if not code and errors:
            code = 32
        appends = spoil.append and (not code or code in _AFTER_APPEND)
        if topic is not None and appends:
            refused, offset = _append(topic, number, bytes(data), records)
            code = code or refused
        if spoil.answer != "answer":
            return spoil.answer
        explained = (errors, "One or more records have been rejected") if answer.API_VERSION >= 8 else ()
        return answer([(name, [(number, code, -1 if code else offset, -1, 0, *explained)])], 0)


def _append(topic: Topic, number: int, data: bytes, records: list[Any]) -> tuple[int, int]:
    """Append unless the partition has the batch already, or misses one before it; tell the error and the offset."""
    offset = len(topic.logs[number])
    producer, _, first, count = _PRODUCER.unpack_from(data, _PRODUCER_AT)
    if producer >= 0:
        seen = topic.producers.setdefault((number, producer), Seen(first))
        for batch in seen.batches:
            if batch[:2] == (first, count):
                return 0, batch[2]
        if first != seen.next:
            return 45, -1
        seen.next = (first + count) & _WRAP
        seen.batches.append((first, count, offset))
    topic.logs[number] += records
    return 0, offset


class FakeCluster:
    """Brokers that share topics."""

    def __init__(self, brokers: int = 1, *, password: str | None = None, context: ssl.SSLContext | None = None) -> None:
        self.brokers = [FakeBroker(self, number, context) for number in range(1, brokers + 1)]
        self.topics: dict[str, Topic] = {}
        self.password = password
        self.mechanisms = ["PLAIN"]
        self.logins: list[bool] = []
        self.login_times: list[float] = []
        self.unlisted: set[int] = set()
        self.spoil = Spoil()
        self.spoils: deque[Spoil] = deque()
        """What happens to the next produce requests, one each; then `spoil` holds."""
        self.metadata_code = 0
        self.max_value: int | None = None
        self.id = f"fake-{id(self)}"
        self.times: tuple[int, int] | None = None
        """The timestamps that it takes, milliseconds after now."""
        self.produce_version = 8
        self.speaks_ids = True
        """Whether it gives producer ids at all."""
        self.id_code = 0
        """What it answers to who asks for one."""
        self.id_codes: deque[int] = deque()
        """What it answers to the next ones; then `id_code` holds."""
        self.last_id = 1000
        self.creations = 0
        """Metadata requests that would have created the topic."""

    async def __aenter__(self) -> Self:
        for broker in self.brokers:
            await broker.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for broker in self.brokers:
            await broker.stop()

    def create(self, name: str, partitions: int = 1) -> Topic:
        """Make a topic, its leaders spread over the brokers."""
        topic = Topic([self.brokers[number % len(self.brokers)].id for number in range(partitions)])
        self.topics[name] = topic
        return topic

    def connection(
        self, topic: str = "insights", *, ca_pem: str | None = None, password: str | None = None
    ) -> Connection:
        """Describe how to connect to it."""
        servers = tuple(broker.server for broker in self.brokers)
        if self.password is None:
            return Connection(topic, servers)
        return Connection(
            topic, servers, ConnectionType.SASL_SSL, Mechanism.PLAIN, "alice", Secret(password or self.password), ca_pem
        )

    def wrong_times(self, records: list[Any]) -> list[tuple[int, str]]:
        """Tell which records have a timestamp that is not taken, in Kafka's words."""
        if self.times is None:
            return []
        now = int(time.time() * 1000)
        first, last = now + self.times[0], now + self.times[1]
        said = "Timestamp {} of message with offset {} is out of range. The timestamp should be within [{}, {}]"
        return [
            (at, said.format(record.timestamp, at, first, last))
            for at, record in enumerate(records)
            if record.timestamp != -1 and not first <= record.timestamp <= last
        ]

    def ids(self, topic: str = "insights") -> list[str]:
        """Tell the `insights-id` of everything that was appended."""
        return [dict(record.headers)["insights-id"].decode() for log in self.topics[topic].logs for record in log]


class Login:
    """The login of one connection."""

    def __init__(self, cluster: FakeCluster) -> None:
        self._cluster = cluster
        self.done = cluster.password is None

    def check(self, data: bytes) -> bool:
        """Hold a PLAIN message against the password."""
        self.done = data.split(b"\0")[2].decode() == self._cluster.password
        self._cluster.logins.append(self.done)
        self._cluster.login_times.append(asyncio.get_running_loop().time())
        return self.done


def _host_port(server: Server) -> tuple[str, int]:
    return server.host, server.port
