"""The form's words: labels and order of the original page, and one short help for each field."""

from enum import StrEnum

from insights_tui.domain.connection import ConnectionType, Mechanism
from insights_tui.domain.trouble import About, Code


class Field(StrEnum):
    """The fields in the order of the form; values are the names of the API (contract.md §3)."""

    TOPIC = "topic"
    SERVERS = "broker_url"
    TYPE = "connection_type"
    MECHANISM = "sasl_mechanism"
    USERNAME = "broker_username"
    PASSWORD = "broker_password"  # noqa: S105 - the name of a field
    CA = "ca_certificate"


SASL_FIELDS = (Field.MECHANISM, Field.USERNAME, Field.PASSWORD, Field.CA)
"""Shown, and sent, only where the connection type is SASL/SCRAM."""

LABELS = {
    Field.TOPIC: "Topic name",
    Field.SERVERS: "Kafka broker URL(s)",
    Field.TYPE: "Connection type",
    Field.MECHANISM: "SASL mechanism",
    Field.USERNAME: "Kafka broker username",
    Field.PASSWORD: "Kafka broker password",
    Field.CA: "CA certificate",
}

LETTERS = {
    Field.TOPIC: "t",
    Field.SERVERS: "s",
    Field.TYPE: "y",
    Field.MECHANISM: "m",
    Field.USERNAME: "u",
    Field.PASSWORD: "p",
    Field.CA: "a",
}
"""What leads to a field after ctrl+g."""
JUMP_HELP = "Press the letter beside a field, or {b} for the buttons. Any other key stays here."
JUMP_HELP_TESTED = "Press the letter beside a field, {b} for the buttons or {r} for the results. Any other key stays."

# Keys in braces are told as they are where the settings have moved them.
HELP = {
    Field.TOPIC: "A topic that exists: nothing here creates one.",
    Field.SERVERS: (
        "Comma-separated host1:port1,host2:port2. Used only to discover the cluster; name two or more, "
        "so that one can be down."
    ),
    Field.TYPE: "Left and right choose. SASL/SCRAM always runs over TLS.",
    Field.MECHANISM: "Left and right choose: what the brokers have switched on for this user.",
    Field.USERNAME: "The Kafka user. It needs the right to write to the topic.",
    Field.PASSWORD: "Typed, or read on this host: env:NAME, file:PATH or keyring:NAME.",
    Field.CA: "A path on this host or pasted PEM. Empty: system trust store. {ctrl+u} clears.",
}

HELP_UNCHANGED = "Empty keeps the saved one. Else typed, env:NAME, file:PATH or keyring:NAME."
"""For the password field where a password is saved."""
BUTTON_HELP = {
    "connect": "Signs in to Kafka and looks for the topic; saves only where both succeed.",
    "test": "Tries every server and every member that they report, step by step; saves nothing.",
    "fields": "Shows the form again; what the test said most of all stays in sight.",
    "cancel": "Leaves the form; the connection stays as it is.",
    "skip": "Saves what the check could not prove; asks first.",
    "stop": "Stops waiting for Kafka; nothing that you typed is lost.",
    "connect-now": "Signs in to Kafka and looks for the topic; saves only where both succeed.",
}

TYPES = (
    (ConnectionType.PLAINTEXT, "Unencrypted"),
    (ConnectionType.SASL_SSL, "SASL/SCRAM, encrypted"),
)
MECHANISMS = tuple((mechanism, mechanism.value) for mechanism in Mechanism)

SUSPECTS = {
    Code.TLS_FAILED: Field.CA,
    Code.AUTH_FAILED: Field.PASSWORD,
    Code.MECHANISM_REFUSED: Field.MECHANISM,
    Code.NAME_NOT_RESOLVED: Field.SERVERS,
    Code.TOPIC_MISSING: Field.TOPIC,
    Code.NOT_AUTHORIZED: Field.TOPIC,  # what a user may not see, Kafka hides: a mistyped name looks like this
}
"""Where the repair most likely is, of what Kafka says about the connection as a whole."""

FIELDS = {
    About.TOPIC: Field.TOPIC,
    About.SERVERS: Field.SERVERS,
    About.TYPE: Field.TYPE,
    About.MECHANISM: Field.MECHANISM,
    About.USERNAME: Field.USERNAME,
    About.PASSWORD: Field.PASSWORD,
    About.CA: Field.CA,
}
"""Where what a test tells is mended."""

OFFER_TEST = "{ctrl+t} tests every server and every member, step by step."

NOT_ENCRYPTED = "Not encrypted: anybody on the network path can read the payloads."
SYSTEM_STORE = "the system's trust store"
"""Stands in the empty certificate field."""
UNCHANGED = "unchanged"
"""Stands in the empty password field where a password is saved."""
