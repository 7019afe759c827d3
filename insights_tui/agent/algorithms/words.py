"""What is said about algorithms in the event log."""

from insights_tui.agent.algorithms.seen import Change
from insights_tui.domain.algorithms import Which
from insights_tui.domain.occurrence import Occurrence
from insights_tui.domain.report import Names
from insights_tui.domain.text import spell

_KINDS = {
    "number": "a number",
    "boolean": "true or false",
    "text": "text that holds a number",
    "list": "a list of one number",
    "dropped": "no number, and is left out",
}


def changed(names: Names, change: Change) -> Occurrence:
    """Tell what changed about a metric."""
    metric = spell(change.metric, limit=80)
    algorithm = spell("/".join(names), limit=120)
    subject = f"{algorithm} {metric}"
    if change.what == "stopped":
        text = f"Metric {metric} of {algorithm} does not come any more, though the algorithm still reports."
        fix = "Look at what changed in the algorithm."
        return Occurrence("warning", "metric_stopped", subject, text, fix)
    if change.what == "back":
        return Occurrence("info", "metric_back", subject, f"Metric {metric} of {algorithm} comes again.")
    text = f"Metric {metric} of {algorithm} was {_KINDS[change.before]}; now it is {_KINDS[change.what]}."
    return Occurrence("warning", "metric_type", subject, text, "Report one metric always as a number.")


def switched(which: Which, *, on: bool | None, actor: str) -> Occurrence:
    """Tell who turned Insights on or off."""
    algorithm = spell(which.text, limit=200)
    what = "follows the default again" if on is None else f"is now {'on' if on else 'off'}"
    return Occurrence("info", "insights_switched", algorithm, f"Insights {what} for {algorithm}.", actor=actor)


def forgotten() -> Occurrence:
    """Tell that there are more algorithms than are kept."""
    return Occurrence(
        "warning",
        "algorithms_forgotten",
        "algorithms",
        "More algorithms report than are remembered: those that were silent longest were forgotten.",
        "Look at who reports under so many names; switches are never forgotten.",
    )


def file_trouble(text: str) -> Occurrence:
    """Tell that what is known of algorithms cannot be kept."""
    return Occurrence("error", "algorithms_file", "algorithms.db", text, "Check the disk of the state directory.")
