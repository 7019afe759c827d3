"""`send`: hand payloads in from a file or a pipe, report as an algorithm would, or send a marked test payload."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import click

from insights_tui.cli import exits
from insights_tui.cli.chunks import MAX_BYTES, MAX_LINES, MAX_OBJECT, Chunk, LineTooLongError, by_lines
from insights_tui.cli.options import Common, common_of, common_options
from insights_tui.cli.output import CliError, clean, put, say
from insights_tui.cli.reach import speak, told, verbatim
from insights_tui.client.api import AgentClient
from insights_tui.client.protocol import AgentUnavailableError
from insights_tui.domain.answers import Accepted
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.text import counted, latency


class Names(NamedTuple):
    """The algorithm that reports."""

    owner: str
    name: str
    version: str


@click.command("send")
@click.argument("file", default="-", metavar="[FILE|-]")
@click.option("--as", "names", metavar="OWNER/NAME/VERSION", help="Report as this algorithm would.")
@click.option("--test", is_flag=True, help="Send one marked payload and tell where it ended up.")
@common_options
@click.pass_context
def command(context: click.Context, file: str, names: str | None, test: bool) -> int:
    """Hand in one flat JSON object, or one a line (NDJSON); each request is accepted whole or not at all.

    With --as each object, or each list of insights, is one report of one execution of that algorithm.
    """
    common = common_of(context)
    if test:
        if file != "-" or names is not None:
            raise click.UsageError("--test sends a payload of its own: it takes no FILE and no --as.")
        return speak(common, lambda client: _test(client, common))
    algorithm = _names(names) if names is not None else None
    with _opened(file) as descriptor:
        sender = _Sender(common, algorithm)
        return speak(common, lambda client: sender.run(client, _pieces(descriptor)))


async def _test(client: AgentClient, common: Common) -> int:
    verbatim(client, common)
    receipt = await client.test_payload()
    if not common.json:
        put(f"Delivered to topic {clean(receipt.topic)}, partition {receipt.partition}, offset {receipt.offset:,}")
        put(f"in {latency(receipt.latency_s)}; its id is {clean(receipt.id)}.")
        if receipt.see:
            put("See it in the topic:")
        for command_line in receipt.see:
            put(f"  {clean(command_line)}")
        if receipt.needs:
            put(clean(receipt.needs))
    return exits.FINE


class _Sender:
    """Sends chunk by chunk and keeps count, so that it can say what was accepted whatever ends it."""

    def __init__(self, common: Common, names: Names | None) -> None:
        self._common = common
        self._names = names
        self._accepted = 0
        self._requests = 0
        self._dropped: dict[str, None] = {}
        self._ndjson = True

    async def run(self, client: AgentClient, pieces: Iterator[bytes]) -> int:
        verbatim(client, self._common)
        # asyncio's own handler only cancels the task, which never notices while it waits for a line of input.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        chunk: Chunk | None = None
        try:
            for chunk in self._chunks(pieces):
                answer = await self._send(client, chunk)
                self._requests += 1
                self._accepted += answer.accepted
                self._dropped.update(dict.fromkeys(answer.dropped))
        except RefusedError as error:
            ended = told(_numbered(error, chunk), self._common)
            self._say_where(chunk)
            raise ended from None
        except AgentUnavailableError:
            self._say_where(chunk, doubt=True)
            raise
        except LineTooLongError as error:
            said = f"{counted(self._accepted, 'payload')} before it accepted."
            raise CliError(f"{error} {said}", "One payload has 25 KB at most.", code=exits.ACT_FAILED) from None
        if not self._requests:
            raise CliError(
                "There was nothing to send.", "Give a JSON object, or one a line.", code=exits.ACT_FAILED, name="empty"
            )
        if self._dropped:
            named = clean(", ".join(self._dropped))
            say(f"hint: left out, because their names are reserved or they have no numeric value: {named}")
        if not self._common.json:
            put(f"Accepted {counted(self._accepted, 'payload')}.")
        return exits.FINE

    def _chunks(self, pieces: Iterator[bytes]) -> Iterator[Chunk]:
        """Decide whether the input is one value over several lines or one a line, by looking at its first line."""
        head = b""
        for piece in pieces:
            head += piece
            if b"\n" in head.lstrip() or len(head) > MAX_OBJECT:
                break
        first_line = head.lstrip().split(b"\n", 1)[0]
        if first_line and len(head) <= MAX_OBJECT and not _complete(first_line):
            for piece in pieces:
                head += piece
                if len(head) > MAX_OBJECT:
                    raise CliError(
                        "The first line is no JSON, and all of it together is too large for one object.",
                        "Write one object a line.",
                        code=exits.ACT_FAILED,
                        name="invalid",
                    )
            if _complete(head) or head.lstrip().count(b"\n") == 0:
                self._ndjson = False
                return iter([Chunk(1, max(1, head.count(b"\n")), head)])
            pieces = iter(())
        most = MAX_LINES if self._names is None else 1
        return (chunk for chunk in by_lines(chain([head], pieces), most=most) if not chunk.blank)

    async def _send(self, client: AgentClient, chunk: Chunk) -> Accepted:
        if self._names is None:
            return await client.send(chunk.body, ndjson=self._ndjson)
        owner, name, version = self._names
        return await client.report(chunk.body.strip(), owner=owner, name=name, version=version)

    def _say_where(self, chunk: Chunk | None, *, doubt: bool = False) -> None:
        """Say how far it came, so that the rest can be sent again without sending anything twice."""
        if chunk is None:
            return
        fate = "may have been accepted" if doubt else "was refused, all of it" if chunk.lines == 1 else "were refused"
        named = chunk.named()
        say(f"{named[0].upper()}{named[1:]} {fate}; {counted(self._accepted, 'payload')} before that accepted.")
        if self._ndjson:
            say(f"  fix: mend it, then send the rest: `tail -n +{chunk.first} FILE | insights-tui send`.")


def _numbered(error: RefusedError, chunk: Chunk | None) -> RefusedError:
    """Count the lines that the agent names from the start of the input, not of the request."""
    if chunk is None or chunk.first == 1:
        return error
    return RefusedError(tuple(_moved(reason, chunk.first - 1) for reason in error.errors), status=error.status)


def _moved(reason: FieldError, by: int) -> FieldError:
    word, _, number = (reason.field or "").partition(" ")
    if word != "line" or not number.isdigit():
        return reason
    line = int(number) + by
    return replace(reason, message=reason.message.replace(f"Line {number}:", f"Line {line}:", 1), field=f"line {line}")


def _complete(text: bytes) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _names(text: str) -> Names:
    parts = text.split("/")
    if len(parts) != len(Names._fields) or not all(part.strip() for part in parts):
        raise click.UsageError("--as takes OWNER/NAME/VERSION, for example acme/credit_score/1.0.6.")
    return Names(*parts)


@contextmanager
def _opened(file: str) -> Iterator[int]:
    if file == "-":
        if sys.stdin.isatty():
            say("Reading from the terminal; end with ctrl+d.")
        yield sys.stdin.fileno()
        return
    try:
        descriptor = os.open(Path(file), os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise click.UsageError(f"Cannot read {file}: {error.strerror}.") from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _pieces(descriptor: int) -> Iterator[bytes]:
    """Read what is there, without waiting for more than one byte of it."""
    try:
        while piece := os.read(descriptor, MAX_BYTES):
            yield piece
    except OSError as error:
        raise CliError(f"Reading failed: {error.strerror}.", code=exits.ACT_FAILED, name="read") from None
