"""Which second look a failure asks for, and what it adds to the words of the cause."""

import asyncio
import contextlib
import ssl
from dataclasses import replace

from aiokafka.protocol.admin import SaslHandShakeRequest

from insights_tui.domain.check import Step
from insights_tui.domain.connection import Server
from insights_tui.kafka.cause import StageError, root_of
from insights_tui.kafka.cause_tls import refuses
from insights_tui.kafka.check.certificate_request import asks_for_certificate
from insights_tui.kafka.check.job import Job
from insights_tui.kafka.check.look import certificate_of, what_speaks
from insights_tui.kafka.check.seen import ServerSeen
from insights_tui.kafka.why import Known
from insights_tui.kafka.wire import let_go


async def look_again(job: Job, seen: ServerSeen, step: Step, error: StageError) -> Known:
    """Look at a server that failed, on connections of their own; `seen` is told as well."""
    cause, seconds = root_of(error.cause), job.limits.look_s
    known = Known(trusted=job.trusted, now=job.now, offered=error.offered)
    if isinstance(cause, ssl.SSLCertVerificationError):
        seen.verify_code = cause.verify_code
        seen.certificate = await certificate_of(seen.server, seconds)
        return replace(known, certificate=seen.certificate)
    if step is Step.TLS or (step is Step.API and job.context is None):
        refused = step is Step.TLS and (refuses(cause) or isinstance(cause, EOFError | ConnectionError))
        if refused and await asks_for_certificate(seen.server, seconds):
            return replace(known, wants_certificate=True)
        if not refuses(cause):
            seen.speaks = await what_speaks(seen.server, seconds, tls=job.context is not None)
        return replace(known, speaks=seen.speaks)
    if step is Step.METADATA and job.mechanism is None and not isinstance(cause, TimeoutError):
        offered = await _mechanisms(job, seen.server)
        if offered:
            seen.speaks = "login"
            return replace(known, speaks="login", offered=offered)
    return known


async def _mechanisms(job: Job, server: Server) -> tuple[str, ...]:
    """Ask a listener that wants a login which ones it takes."""
    wire = job.wire(server)
    with contextlib.suppress(Exception):  # what failed first is told all the same
        async with asyncio.timeout(job.limits.look_s):
            await wire.connect()
            await wire.ask(SaslHandShakeRequest("PLAIN"))
    await let_go([wire])
    return wire.offered
