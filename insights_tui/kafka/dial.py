"""Reaching a server: its name resolved once at a time, its addresses raced.

asyncio's `happy_eyeballs_delay` does the like, but uvloop lacks it; and here each step keeps its own cause.
"""

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from typing import Any

from insights_tui.domain.connection import Server
from insights_tui.kafka.cause import RESOLVER_ERRORS, StageError
from insights_tui.kafka.resolver import Resolver

STAGGER_S = 0.25
"""Head start of one address before the next is tried beside it (RFC 8305 §5)."""

Address = tuple[socket.AddressFamily, tuple[object, ...]]
_lookups: dict[tuple[asyncio.AbstractEventLoop, Server], "asyncio.Future[list[Any]]"] = {}


# of our own: asyncio's has so few threads that a handful of names that hang would keep others, and logins, waiting
_RESOLVER = Resolver()


def _look_up(server: Server) -> "asyncio.Future[list[Any]]":
    # a future and not a task: it may outlive whoever asked, and nothing of ours may be left running at the end
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Any]] = loop.create_future()

    def settle(told: list[Any] | BaseException) -> None:
        if answer.done():
            return
        if isinstance(told, BaseException):
            answer.set_exception(told)
        else:
            answer.set_result(told)

    def tell(told: list[Any] | BaseException) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, told)

    _RESOLVER.look_up(server.host, server.port, tell)
    return answer


def _literal(server: Server) -> Address | None:
    for family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError):
            socket.inet_pton(family, server.host)
            return family, (server.host, server.port)
    return None


async def resolve(server: Server, timeout_s: float) -> list[Address]:
    """Resolve a name, joining a lookup of it that is still under way: a resolver that hangs keeps one thread busy.

    Raises `StageError` (dns).
    """
    literal = _literal(server)
    if literal is not None:
        return [literal]
    loop = asyncio.get_running_loop()
    try:
        lookup = _lookups.get((loop, server))
        if lookup is None:
            for key in [key for key in _lookups if key[0].is_closed()]:
                del _lookups[key]  # a loop that was closed before its answer came hears of it no more
            lookup = _lookups[loop, server] = _look_up(server)

            def forget(done: "asyncio.Future[list[Any]]") -> None:
                _lookups.pop((loop, server), None)
                if not done.cancelled():
                    done.exception()  # nobody may be waiting any more

            lookup.add_done_callback(forget)
        async with asyncio.timeout(timeout_s):
            found = await asyncio.shield(lookup)
    except (TimeoutError, OSError, *RESOLVER_ERRORS) as error:
        raise StageError("dns", error) from error
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


async def _reach(address: Address) -> socket.socket:
    family, where = address
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, where)
    except BaseException:
        sock.close()
        raise
    return sock


async def dial(server: Server, timeout_s: float) -> socket.socket:
    """Connect to the first address that answers; raises `StageError` (dns, tcp)."""
    addresses = _mixed(await resolve(server, timeout_s))
    waiting = list(reversed(addresses))
    races: set[asyncio.Task[socket.socket]] = set()
    failures: list[BaseException] = []
    try:
        async with asyncio.timeout(timeout_s):
            while waiting or races:
                if waiting:
                    races.add(asyncio.create_task(_reach(waiting.pop())))
                done, races = await asyncio.wait(
                    races, timeout=STAGGER_S if waiting else None, return_when=asyncio.FIRST_COMPLETED
                )
                won = [race for race in done if race.exception() is None]
                failures += [error for race in done if (error := race.exception()) is not None]
                if won:
                    races.update(won[1:])
                    return won[0].result()
    except TimeoutError as error:
        failures.insert(0, error)
    finally:
        await _call_off(races)
    raise _unreached(server, failures)


def _unreached(server: Server, failures: Sequence[BaseException]) -> StageError:
    # what a person can act on most: a refusal tells more than "no route" of an address family that is not there
    refused = next((error for error in failures if isinstance(error, ConnectionRefusedError)), None)
    cause = refused or (failures[0] if failures else OSError(f"no address for {server.host}"))
    return StageError("tcp", cause)


async def survey(
    server: Server, addresses: Sequence[Address], *, timeout_s: float, grace_s: float
) -> tuple[socket.socket, dict[Address, BaseException | None]]:
    """Try all addresses at once: gives a socket to the first that answers, and for each address why not.

    Once one has answered the others have `grace_s` left; who is silent then has a `TimeoutError`. Raises
    `StageError` (tcp) where none answers within `timeout_s`.
    """
    tries = {address: asyncio.create_task(_reach(address)) for address in addresses}
    first: asyncio.Task[socket.socket] | None = None
    loop = asyncio.get_running_loop()
    until = loop.time() + timeout_s
    open_tries = set(tries.values())
    try:
        while open_tries and (left := until - loop.time()) > 0:
            done, open_tries = await asyncio.wait(open_tries, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            won = next((one for one in done if one.exception() is None), None)
            if first is None and won is not None:
                first = won
                until = min(until, loop.time() + grace_s)
        told = {address: one.exception() if one.done() else TimeoutError() for address, one in tries.items()}
        kept = first.result() if first is not None else None
    except BaseException:
        await _call_off(set(tries.values()))
        raise
    await _call_off({one for one in tries.values() if one is not first})
    if kept is None:
        raise _unreached(server, [error for error in told.values() if error is not None])
    return kept, told


async def _call_off(races: "set[asyncio.Task[socket.socket]]") -> None:
    for race in races:
        race.cancel()
    for done in await asyncio.gather(*races, return_exceptions=True):
        if isinstance(done, socket.socket):
            done.close()


def _mixed(addresses: Sequence[Address]) -> list[Address]:
    """Take address families in turn, so that one that is broken costs one head start (RFC 8305 §4)."""
    first = [address for address in addresses if address[0] == addresses[0][0]]
    other = [address for address in addresses if address[0] != addresses[0][0]]
    mixed = [address for pair in zip(first, other, strict=False) for address in pair]
    return mixed + [address for address in addresses if address not in mixed]
