"""Where the server listens, and what it says where it cannot."""

import os
import socket
import stat
from pathlib import Path

import httpx
import pytest

from insights_tui.agent.http.listen import ListenError, PortBusyError, holder, parse_listen, tcp_sockets, unix_socket
from insights_tui.agent.http.server import HttpServer, HttpSettings
from insights_tui.domain.connection import Secret
from tests.http.conftest import Serve
from tests.http.fakes import FakeClock, FakeControl, FakeIngest


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def server(settings: HttpSettings) -> HttpServer:
    return HttpServer(settings, FakeIngest(), FakeControl(), FakeClock())


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("127.0.0.1:9000", ("127.0.0.1", 9000)),
        (" localhost:0 ", ("127.0.0.1", 0)),
        ("[::1]:9000", ("::1", 9000)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),  # noqa: S104  # parsed, not bound
    ],
)
def test_an_address_is_read(text: str, parsed: tuple[str, int]) -> None:
    assert parse_listen(text) == parsed


@pytest.mark.parametrize(
    "text", ["", "9000", ":9000", "127.0.0.1", "::1:9000", "host:9000", "127.0.0.1:65536", "1.2.3:1"]
)
def test_what_is_no_address_is_said_with_the_setting(text: str) -> None:
    with pytest.raises(ListenError, match="INSIGHTS_LISTEN"):
        parse_listen(text)


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
async def test_both_loopback_addresses_lead_to_it(serve: Serve) -> None:
    served = await serve()
    async with httpx.AsyncClient(trust_env=False) as client:
        for host in ("127.0.0.1", "[::1]"):
            assert (await client.get(f"http://{host}:{served.port}/healthz")).status_code == 200


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
def test_a_stranger_on_the_other_loopback_address_makes_the_port_busy() -> None:
    with socket.socket(socket.AF_INET6) as stranger:
        stranger.bind(("::1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        with pytest.raises(PortBusyError, match=rf"\[::1\]:{port} is taken"):
            tcp_sockets("127.0.0.1", port)


async def test_a_busy_port_names_its_holder(tmp_path: Path) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        with pytest.raises(PortBusyError) as busy:
            await server(HttpSettings(tmp_path / "s", f"127.0.0.1:{port}")).start()
    assert f"127.0.0.1:{port} is taken by pid {os.getpid()} (" in str(busy.value)
    assert "INSIGHTS_LISTEN" in busy.value.hint
    assert not (tmp_path / "s").exists()


def test_a_holder_that_proc_does_not_tell_is_left_out(tmp_path: Path) -> None:
    assert holder(9000, tmp_path) == ""


async def test_all_or_nothing_is_bound(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    failing = server(HttpSettings(tmp_path / "missing" / "s", f"127.0.0.1:{port}"))
    with pytest.raises(ListenError, match="Cannot listen") as refused:
        await failing.start()
    assert "INSIGHTS_SOCKET" in refused.value.hint
    assert failing.url is None
    for wire in tcp_sockets("127.0.0.1", port):
        wire.close()


@pytest.mark.parametrize("token", [None, Secret("")])
async def test_an_address_open_to_others_needs_an_ingest_token(tmp_path: Path, token: Secret | None) -> None:
    settings = HttpSettings(tmp_path / "s", "0.0.0.0:0", ingest_token=token)  # refused
    with pytest.raises(ListenError, match="has no token") as refused:
        await server(settings).start()
    assert "INSIGHTS_INGEST__TOKEN_FILE" in refused.value.hint


async def test_tcp_can_be_turned_off(serve: Serve) -> None:
    served = await serve(listen=None)
    assert served.server.url is None
    assert (await served.unix.get("/healthz")).status_code == 200


@pytest.mark.parametrize("mode", [0o600, 0o660])
async def test_the_socket_has_its_permissions_from_the_start(serve: Serve, mode: int) -> None:
    served = await serve(socket_mode=mode)
    found = served.path.lstat().st_mode
    assert stat.S_ISSOCK(found)
    assert stat.S_IMODE(found) == mode
    assert [entry.name for entry in served.path.parent.iterdir()] == [served.path.name]


async def test_a_socket_left_behind_is_replaced_and_a_live_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    wire = unix_socket(path, 0o600, None)
    try:
        with pytest.raises(PortBusyError, match="Another agent"):
            unix_socket(path, 0o600, None)
    finally:
        wire.close()


def test_what_cannot_be_a_socket_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for path, group, part in (
        (tmp_path / "file", None, "no socket"),
        (tmp_path / ("x" * 120), None, "too long"),
        (tmp_path / "s", "no-such-group", "no group no-such-group"),
    ):
        with pytest.raises(ListenError, match=part):
            unix_socket(path, 0o600, group)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file"]
    assert (tmp_path / "file").read_text() == "mine"
