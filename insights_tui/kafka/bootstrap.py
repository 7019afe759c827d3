"""The first answer: servers of a list asked beside each other until one tells the cluster."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence

from insights_tui.domain.connection import Server
from insights_tui.domain.trouble import Code
from insights_tui.kafka.verdict import Verdict
from insights_tui.kafka.view import View
from insights_tui.kafka.wire import Wire

STAGGER_S = 0.5
"""Head start of one server before the next is asked beside it."""

Introduced = tuple[Wire, View]


class StartError(Exception):
    """No server of the bootstrap list would do."""

    def __init__(self, verdict: Verdict, alike: int = 1) -> None:
        super().__init__(verdict.trouble.what)
        self.verdict = verdict
        self.alike = alike
        """Servers that failed in this way."""


async def first_answer(servers: Sequence[Server], introduce: Callable[[Server], Awaitable[Introduced]]) -> Introduced:
    """Introduce ourselves to the servers in random order; the first that answers wins, the others are hung up.

    `introduce` raises `StartError` or `LoginHeldError`; raises the most telling of them where no server will do.
    """
    waiting = list(servers)
    random.shuffle(waiting)
    asking: set[asyncio.Task[Introduced]] = set()
    asked: list[asyncio.Task[Introduced]] = []
    kept: Wire | None = None
    verdicts: list[Verdict] = []
    try:
        while waiting or asking:
            if waiting:
                asked.append(asyncio.ensure_future(introduce(waiting.pop())))
                asking.add(asked[-1])
            done, asking = await asyncio.wait(
                asking, timeout=STAGGER_S if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                try:
                    kept, view = task.result()
                except StartError as error:
                    verdicts.append(error.verdict)
                    if error.verdict.scope == "client":
                        raise  # a refused login: the other servers would only count it once more
                else:
                    return kept, view
    finally:
        for task in asked:
            task.cancel()
        for result in await asyncio.gather(*asked, return_exceptions=True):
            if isinstance(result, tuple) and result[0] is not kept:
                result[0].hang_up()
    worst = min(verdicts, key=lambda verdict: _RANK.get(verdict.trouble.code, 9))
    raise StartError(worst, sum(_kind(verdict) == _kind(worst) for verdict in verdicts))


def _kind(verdict: Verdict) -> tuple[Code, str]:
    return verdict.trouble.code, verdict.trouble.raw.partition(":")[0]


_RANK = {
    code: rank
    for rank, code in enumerate(
        (
            Code.AUTH_FAILED,
            Code.MECHANISM_REFUSED,
            Code.TLS_FAILED,
            Code.KAFKA_UNREACHABLE,
            Code.NAME_NOT_RESOLVED,
        )
    )
}
