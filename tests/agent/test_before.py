"""What worked until now and fails is told as what must have changed, and nothing is claimed that is not known."""

from dataclasses import replace

import pytest

from insights_tui.agent.before import Before, as_before
from insights_tui.delivery.status import ActiveTrouble
from insights_tui.domain.connection import Connection, ConnectionType, Mechanism, Server
from insights_tui.domain.trouble import About, Code, Trouble
from tests.agent.statuses import NOW

CONNECTION = Connection(
    "scores", (Server("kafka-1", 9093),), ConnectionType.SASL_SSL, Mechanism.SCRAM_SHA_512, "insights"
)
BEFORE = Before(CONNECTION, frozenset({"kafka-1:9093"}))


def told(code: Code, raw: str, *, subject: str = "kafka-1:9093", about: About | None = None) -> Trouble:
    trouble = Trouble(code, subject, "It fails.", "Check the spelling.", raw, about=about)
    return as_before(ActiveTrouble(trouble, NOW), BEFORE).trouble


@pytest.mark.parametrize(
    ("code", "raw", "about", "what", "act"),
    [
        (Code.TOPIC_MISSING, "UNKNOWN_TOPIC_OR_PARTITION (3)", About.TOPIC, "The topic scores was deleted", "again"),
        (Code.NOT_AUTHORIZED, "TOPIC_AUTHORIZATION_FAILED (29)", About.TOPIC, "revoked, or it was deleted", "Grant"),
        (Code.NOT_AUTHORIZED, "TOPIC_AUTHORIZATION_FAILED (29)", None, "The right to write to the topic", "Grant"),
        (Code.AUTH_FAILED, "SaslAuthenticationFailed: no", About.PASSWORD, "password of insights was", "new password"),
        (Code.BROKER_UNREACHABLE, "ConnectionRefusedError: 111", None, "It fails.", "broker is running"),
        (Code.NAME_NOT_RESOLVED, "gaierror: -2", None, "It fails.", "it knew the name before"),
        (Code.TLS_FAILED, "no answer in time", None, "answers no more", "Look whether the broker hangs"),
        (Code.TLS_FAILED, "ConnectionResetError: 104", None, "there may be no broker behind it", "proxy"),
    ],
)
def test_a_failure_after_success_says_what_has_changed(
    code: Code, raw: str, about: About | None, what: str, act: str
) -> None:
    trouble = told(code, raw, about=about)
    assert what in trouble.what
    assert act in trouble.act
    assert (trouble.code, trouble.raw) == (code, raw)


@pytest.mark.parametrize(
    ("code", "raw", "what", "act"),
    [
        (Code.KAFKA_UNREACHABLE, "no answer in time", "None of the servers answers any more", "the network"),
        (Code.KAFKA_UNREACHABLE, "ConnectionRefusedError: 111", "Nothing listens any more", "brokers are running"),
        (Code.NAME_NOT_RESOLVED, "gaierror: -2", "It fails.", "it knew the names before"),
        (Code.KAFKA_UNREACHABLE, "ConnectionResetError: 104", "It fails.", "Check the spelling."),
    ],
)
def test_what_fails_at_all_servers_is_told_of_all(code: Code, raw: str, what: str, act: str) -> None:
    several = replace(CONNECTION, servers=(Server("kafka-1", 9093), Server("kafka-2", 9093)))
    trouble = Trouble(code, several.bootstrap, "It fails.", "Check the spelling.", raw)
    told = as_before(ActiveTrouble(trouble, NOW), Before(several, frozenset({"kafka-1:9093"}))).trouble
    assert what in told.what
    assert act in told.act
    assert as_before(ActiveTrouble(trouble, NOW), Before(several)).trouble == trouble, "never reached"


@pytest.mark.parametrize(
    ("code", "raw", "subject"),
    [
        (Code.BROKER_UNREACHABLE, "ConnectionRefusedError: 111", "kafka-9:9093"),  # never reached
        (Code.AUTH_FAILED, "IncompleteReadError: 0 bytes", "insights"),  # closed, not refused
        (Code.TLS_FAILED, "SSLCertVerificationError: expired", "kafka-1:9093"),
        (Code.NOT_AUTHORIZED, "CLUSTER_AUTHORIZATION_FAILED (31)", "scores"),
        (Code.RECORDS_REJECTED, "MESSAGE_TOO_LARGE (10)", "scores"),
    ],
)
def test_where_it_is_not_known_what_has_changed_the_words_stay(code: Code, raw: str, subject: str) -> None:
    trouble = told(code, raw, subject=subject)
    assert (trouble.what, trouble.act) == ("It fails.", "Check the spelling.")


def test_without_a_login_nobody_is_named() -> None:
    plain = Before(replace(CONNECTION, username=None))
    trouble = Trouble(Code.NOT_AUTHORIZED, "scores", "It fails.", "", "TOPIC_AUTHORIZATION_FAILED (29)")
    assert "this client had it" in as_before(ActiveTrouble(trouble, NOW), plain).trouble.what
