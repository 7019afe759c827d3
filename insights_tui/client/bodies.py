"""What is sent: a connection form as JSON, a filter as a query."""

from urllib.parse import quote, urlencode

import msgspec

from insights_tui.domain.algorithms import Which
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.lost import LostFilter
from insights_tui.domain.tail import TailAsked


def form_body(form: ConnectionForm) -> bytes:
    """Write a form as the API reads it, the password in clear; what is not given is left out."""
    fields = {
        "topic": form.topic,
        "broker_url": form.broker_url,
        "connection_type": form.connection_type,
        "sasl_mechanism": form.sasl_mechanism,
        "broker_username": form.broker_username,
        "broker_password": form.broker_password.reveal() if form.broker_password is not None else None,
        "ca_certificate": form.ca_certificate,
    }
    return msgspec.json.encode({name: value for name, value in fields.items() if value is not None})


def query(which: LostFilter) -> dict[str, str]:
    """Write a filter as the API reads it."""
    fields = {
        "reason": ",".join(sorted(which.reasons)),
        "since": which.since.isoformat() if which.since is not None else "",
        "until": which.until.isoformat() if which.until is not None else "",
        "id": ",".join(sorted(which.ids)),
        "text": which.text,
    }
    return {name: text for name, text in fields.items() if text}


def tail_query(asked: TailAsked) -> str:
    """Write what a tail is asked for as a query."""
    return urlencode(
        {
            "source": asked.source,
            "count": asked.count,
            "per_s": asked.per_s,
            "follow": int(asked.follow),
            "values": int(asked.values),
        }
    )


def path_of(which: Which) -> str:
    """Write an algorithm as a part of a path."""
    return "/".join(quote(part, safe="") for part in which if part is not None)


def fits_path(which: Which) -> bool:
    """Tell whether a path can hold the names; where it cannot they go into the body, or into the query.

    A slash parts a path, dots climb it, and what cannot be seen is refused or dropped on the way.
    """
    return all("/" not in part and part.isprintable() and part.strip(". ") for part in which if part is not None)


def named(which: Which) -> dict[str, str]:
    """Write an algorithm as fields."""
    return {field: part for field, part in which._asdict().items() if part is not None}
