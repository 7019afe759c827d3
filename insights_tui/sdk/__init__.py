"""What an algorithm imports: report metrics, make executions, wrap a web application.

    from insights_tui.sdk import AsgiMiddleware, execution, report

    app.add_middleware(AsgiMiddleware, algorithm="acme/credit_score/1.0.6")  # FastAPI, Starlette
    report(risk_score=0.2, approved=True)                                   # in a handler: into its payload

    @execution("acme/train/2.0.0", failed="failed")                         # any function: one payload a call
    def train(): ...

It needs the standard library alone. Nothing but `configure` raises, nothing waits longer than a millisecond: payloads
go into a bounded queue (10,000 payloads, 16 MiB) and from there, on a thread of their own, to the agent at
`INSIGHTS_URL`, else `ALGORITHMIA_API`, else http://127.0.0.1:9000. While the agent is away they wait up to 240 s; what
is given up is counted (`stats()`) and told in one warning a minute. Where there is no more room the oldest is given up.

Towards the agent delivery is at least once: the agent knows no key of a call, so when its answer gets lost the same
payloads are sent again, each under the `request_id` that it had, counted as `repeated`.
"""

from insights_tui.sdk.asgi import AsgiMiddleware
from insights_tui.sdk.counts import Stats
from insights_tui.sdk.executions import Execution, current, execution, report
from insights_tui.sdk.process import FLUSH_S, client, configure
from insights_tui.sdk.wsgi import WsgiMiddleware

__all__ = [
    "AsgiMiddleware", "Execution", "Stats", "WsgiMiddleware", "configure", "current", "execution", "flush", "report",
    "stats",
]  # fmt: skip


def stats() -> Stats:
    """Tell what became of every payload of this process."""
    return client().stats()


def flush(timeout_s: float = FLUSH_S) -> bool:
    """Wait until everything put so far is settled; false where the time was not enough.

    It blocks: before the process ends, or in a thread, not in an event loop. The end of the process does it by itself.
    """
    return client().flush(timeout_s)
