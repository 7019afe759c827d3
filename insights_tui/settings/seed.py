"""The connection that the settings bring along, for where none is stored."""

from datetime import UTC, datetime
from pathlib import Path

from insights_tui.domain.certificate import MAX_LENGTH
from insights_tui.domain.connection import ConnectionType
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.refused import FieldError
from insights_tui.domain.validate import check
from insights_tui.settings.load import variable
from insights_tui.settings.model import Settings
from insights_tui.settings.problems import SettingProblem, SettingsError

_KEYS = {
    "topic": "connection.topic",
    "broker_url": "connection.servers",
    "connection_type": "connection.type",
    "sasl_mechanism": "connection.mechanism",
    "broker_username": "connection.username",
    "broker_password": "connection.password",
    "ca_certificate": "connection.ca_file",
}
"""Field of the form to key of the setting."""


def seed_form(settings: Settings, *, now: datetime | None = None) -> ConnectionForm | None:
    """Make a form of the settings `connection.…`; `None` where neither topic nor servers nor anything else is set.

    Reads the CA file. Raises `SettingsError` with every setting that does not hold, named as it is written where it
    stands. `now` is for the dates of certificates.
    """
    seed = settings.connection
    if not seed.model_fields_set:
        return None
    problems: list[SettingProblem] = []
    ca = None
    if seed.ca_file is not None:
        try:
            ca = _read(seed.ca_file)
        except OSError as error:
            reason = FieldError("ca_file", f"{seed.ca_file} cannot be read: {error.strerror}.", "Look at the path.")
            problems.append(_problem(settings, "ca_certificate", reason))
    sasl = seed.type == "sasl" or (seed.type is None and seed.username is not None)
    form = ConnectionForm(
        topic=seed.topic or "",
        broker_url=seed.servers or "",
        connection_type=(ConnectionType.SASL_SSL if sasl else ConnectionType.PLAINTEXT).value,
        sasl_mechanism=seed.mechanism,
        broker_username=seed.username,
        broker_password=seed.password,
        ca_certificate=ca,
    )
    errors = check(form, now=now or datetime.now(UTC)).errors
    problems += [_problem(settings, error.field or "", error) for error in errors]
    if problems:
        raise SettingsError(tuple(problems))
    return form


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(MAX_LENGTH + 1).decode("utf-8", "replace")  # DER is told from PEM by what is in it


def _problem(settings: Settings, field: str, error: FieldError) -> SettingProblem:
    key = _KEYS[field]
    origin = settings.origin(key)
    name = key if origin not in {"environment", "default"} else variable(key)
    return SettingProblem("environment" if origin == "default" else origin, name, error.message, error.hint)
