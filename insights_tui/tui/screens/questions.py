"""What is asked before an act that cannot be taken back, and with which words."""

from dataclasses import dataclass

from insights_tui.domain.snapshot import Snapshot
from insights_tui.domain.text import counted, duration, sanitize
from insights_tui.tui.lines import ascii_line, plain, text
from insights_tui.tui.remote import ends_with_us


@dataclass(frozen=True, slots=True)
class Question:
    """A question with the word that agrees."""

    title: str
    body: tuple[str, ...]
    agree: str


def spelled(question: Question) -> Question:
    """Spell a question in ASCII, foreign text included."""
    said = (question.title, *question.body, question.agree)
    title, *body, agree = (plain(ascii_line(text(words))) for words in said)
    return Question(title, tuple(body), agree)


def before_deleting(snapshot: Snapshot) -> Question:
    """Name what still waits and what becomes of it."""
    pending = snapshot.counts.pending
    topic = sanitize(snapshot.connection.topic, limit=60) if snapshot.connection else ""
    if pending and snapshot.next_loss_s is not None:
        fate = (
            f"{counted(pending, 'payload is', 'payloads are')} not delivered yet. They stay in the queue, and their"
            f" time runs on: the first is lost in {duration(snapshot.next_loss_s)} unless there is another connection."
        )
    else:
        fate = "Nothing waits to be delivered."
    return Question(
        title="Delete the connection?",
        body=(
            f"Nothing more is sent to topic {topic}. The password kept for it is erased.",
            fate,
            "New payloads are still accepted; each is lost when its time is over.",
        ),
        agree="Delete Connection",
    )


def before_quitting(snapshot: Snapshot | None) -> Question | None:
    """Ask where an agent ends with its screen and payloads are pending; `None` where nothing is at stake."""
    if snapshot is None or not ends_with_us(snapshot) or not snapshot.counts.pending:
        return None
    pending = counted(snapshot.counts.pending, "payload is", "payloads are")
    kept = (
        "What is not delivered then stays on disk, and its time runs on until the agent runs again."
        if snapshot.capacity.durability == "full"
        else "What is not delivered then is kept in memory alone, and is lost."
    )
    return Question(
        title="Quit and stop the agent?",
        body=(
            f"{pending} not delivered yet. The agent of this screen stops with it, after a last try.",
            kept,
            "Algorithms that report meanwhile are refused. `insights-tui agent` runs without a screen.",
        ),
        agree="Quit",
    )
