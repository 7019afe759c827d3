"""The form as a command line: secrets as references, everything quoted for a shell."""

from shlex import quote

from insights_tui.domain.connection import ConnectionType
from insights_tui.domain.text import sanitize
from insights_tui.tui.connection_form.local import is_pem
from insights_tui.tui.connection_form.reference import read_reference, reference_error
from insights_tui.tui.connection_form.values import Values

TYPE_WORDS = {ConnectionType.PLAINTEXT: "plaintext", ConnectionType.SASL_SSL: "sasl"}
PASTED = "FILE"
"""Stands for a pasted certificate, which has no path yet."""


def command_line(values: Values, *, ca_unseen: bool = False) -> str:
    """Write the command that does the same as Connect; `ca_unseen` says that a certificate is saved, not known here.

    A typed password becomes `--password-from -` (asked for on standard input); one left unchanged is left out.
    """
    words = ["insights-tui connect", "--topic", _word(values.topic, "TOPIC")]
    words += ["--servers", _word(_servers(values.servers), "HOST:PORT"), "--type", TYPE_WORDS[values.type]]
    if values.sasl:
        words += ["--mechanism", values.mechanism.value, "--username", _word(values.username, "NAME")]
        if values.ca.strip() or ca_unseen:
            words += ["--ca", PASTED if ca_unseen or is_pem(values.ca) else _word(values.ca, PASTED)]
        if values.password is not None:
            reference = read_reference(values.password.reveal())
            named = reference is not None and reference_error(reference) is None  # else `connect` would not take it
            words += ["--password-from", quote(sanitize(str(reference))) if named else "-"]
    return " ".join(words)


def advice(values: Values) -> str:
    """Say what the command needs that is not in it."""
    parts = []
    if values.sasl and is_pem(values.ca):
        parts.append(f"Save the certificate that you pasted, and put its path in place of {PASTED}.")
    if values.sasl and values.password is not None and read_reference(values.password.reveal()) is None:
        parts.append("It reads the password from standard input.")
    return " ".join(parts) or "No password is in it."


def _servers(text: str) -> str:
    return ",".join(text.replace(",", " ").split())


def _word(text: str, missing: str) -> str:
    text = sanitize(text.strip(), limit=20_000)
    if text.startswith("~/"):
        return f"~/{quote(text[2:])}"  # quoted whole, a shell would not put the home directory there
    return quote(text) if text else missing
