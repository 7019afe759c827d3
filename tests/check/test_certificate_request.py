"""Reading a request for a client certificate out of a server's first flight, however it is cut."""

import pytest

from insights_tui.kafka.check.certificate_request import asks


def message(kind: int, size: int = 40) -> bytes:
    return bytes([kind]) + size.to_bytes(3, "big") + b"\x0d" * size


def record(payload: bytes, kind: int = 22) -> bytes:
    return bytes([kind, 3, 3]) + len(payload).to_bytes(2, "big") + payload


HELLO, CERTIFICATES, KEYS, REQUEST, DONE = (message(kind) for kind in (2, 11, 12, 13, 14))
BEFORE = HELLO + CERTIFICATES + KEYS


@pytest.mark.parametrize("cut", [1, 7, 4096])
def test_a_request_is_found_whatever_the_records(cut: int) -> None:
    said = BEFORE + REQUEST + DONE
    flight = b"".join(record(said[at : at + cut]) for at in range(0, len(said), cut))
    assert asks(flight) is True


def test_a_server_that_does_not_ask() -> None:
    assert asks(record(BEFORE) + record(DONE)) is False


@pytest.mark.parametrize("flight", [b"", b"\x16\x03", record(BEFORE), record(BEFORE + REQUEST)[:-60]])
def test_as_long_as_the_flight_is_not_over_nothing_is_told(flight: bytes) -> None:
    assert asks(flight) is None


@pytest.mark.parametrize("flight", [record(b"\x02\x28", kind=21), b"HTTP/1.1 400 Bad Request\r\n", b"\x00" * 64])
def test_an_alert_or_something_else_altogether(flight: bytes) -> None:
    assert asks(flight) is False
