"""One attempt to connect: read what is on this host, check the form, ask the agent."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from insights_tui.client.protocol import AgentApi, AgentUnavailableError
from insights_tui.domain.answers import SavedConnection
from insights_tui.domain.connection import Connection, Secret
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.refused import FieldError, RefusedError
from insights_tui.domain.trouble import Code
from insights_tui.tui.connection_form.check import check_values
from insights_tui.tui.connection_form.local import read_ca, resolve_password
from insights_tui.tui.connection_form.meanwhile import CODE
from insights_tui.tui.connection_form.values import Values, to_form

Check = Literal["require", "skip"]
_CODES = frozenset(Code)


@dataclass(frozen=True, slots=True)
class Answer:
    """How an attempt ended."""

    saved: SavedConnection | None = None
    errors: tuple[FieldError, ...] = ()
    may_skip: bool = False
    """Whether it was the check that failed, so that saving without it would help."""


async def load(client: AgentApi) -> SavedConnection | Answer | None:
    """Ask for the saved connection; an `Answer` tells why nobody knows it."""
    try:
        return await client.connection()
    except AgentUnavailableError as error:
        return _unavailable(error)
    except RefusedError as refused:
        return Answer(errors=refused.errors)


async def prepare(
    values: Values, saved: Connection | None, environ: Mapping[str, str], now: datetime
) -> ConnectionForm | Answer:
    """Read the certificate and the password that the form points to, and check every field at once."""
    if not values.sasl:
        ca = password = None
    else:
        ca = await asyncio.to_thread(read_ca, values.ca)
        password = await asyncio.to_thread(resolve_password, values.password, environ)
    checked = check_values(values, saved, now=now, ca=ca, password=password)
    if checked.errors:
        return Answer(errors=checked.errors)
    return to_form(
        values,
        password=password if isinstance(password, Secret) else None,
        ca_pem=ca if isinstance(ca, str) else None,
    )


async def ask(client: AgentApi, form: ConnectionForm, check: Check, over: int) -> Answer:
    """Hand the form to the agent, to replace the revision `over` alone; nothing that it is known to raise escapes."""
    try:
        return Answer(saved=await client.connect(form, check=check, over=over))
    except RefusedError as refused:
        return Answer(errors=refused.errors, may_skip=check == "require" and _about_kafka(refused.errors))
    except AgentUnavailableError as error:
        return _unavailable(error)


def _unavailable(error: AgentUnavailableError) -> Answer:
    """Tell that no agent answers."""
    return Answer(errors=(FieldError("agent_unavailable", str(error), error.hint),))


def _about_kafka(errors: tuple[FieldError, ...]) -> bool:
    """Tell the failure of a check, which Kafka caused, from a form that the agent does not take."""
    return all((error.field is None and error.code != CODE) or error.code in _CODES for error in errors)


def broken(error: BaseException | None) -> Answer:
    """Tell a bug of ours by its kind alone: its text may hold anything."""
    name = type(error).__name__
    return Answer(
        errors=(
            FieldError(
                "internal", f"This screen failed ({name}).", "What you typed is still here: try again, and report it."
            ),
        )
    )
