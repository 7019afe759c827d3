from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights_tui.domain.connection import Connection, ConnectionType, Mechanism, Secret, Server
from insights_tui.domain.form import ConnectionForm
from insights_tui.domain.refused import RefusedError
from insights_tui.domain.validate import FIELDS, check, field_errors, validate
from tests.connection.pki import NOW, make

MARKER = "Marker-pw-2718"
CA = make().pem
PLAIN_FORM = ConnectionForm("insights", "h1:9092,h2:9092")
SASL_FORM = ConnectionForm(
    "insights", "h1:9093,h2:9093", "kafka_sasl_ssl", "SCRAM-SHA-512", "user", Secret(MARKER), ca_certificate=CA
)


def texts(form: ConnectionForm, saved: Connection | None = None) -> list[tuple[str | None, str]]:
    return [(error.field, error.text) for error in check(form, now=NOW, saved=saved).errors]


def hints(form: ConnectionForm, saved: Connection | None = None) -> list[str]:
    checked = check(form, now=NOW, saved=saved)
    assert checked.errors == ()
    return [hint.code for hint in checked.hints]


def test_a_form_that_holds_becomes_a_connection() -> None:
    servers = (Server("h1", 9093), Server("h2", 9093))
    validated = validate(SASL_FORM, now=NOW)
    assert validated.hints == ()
    assert validated.connection == Connection(
        "insights", servers, ConnectionType.SASL_SSL, Mechanism.SCRAM_SHA_512, "user", Secret(MARKER), CA
    )
    plain = validate(replace(PLAIN_FORM, topic="  insights\n"), now=NOW).connection
    assert plain == Connection("insights", (Server("h1", 9092), Server("h2", 9092)))


def test_all_errors_at_once_in_the_order_of_the_form() -> None:
    form = ConnectionForm("in sights!", "h1:9092,h2", "kafka_sasl_ssl", "SCRAM", "", Secret(""), "junk")
    with pytest.raises(RefusedError) as caught:
        validate(form, now=NOW)
    assert caught.value.status == 422
    fields = [error.field for error in caught.value.errors]
    assert fields == [field for field in FIELDS if field != "connection_type"]
    assert all(error.hint for error in caught.value.errors)
    assert list(field_errors(form, now=NOW)) == fields


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("", "A topic is needed."),
        ("   ", "A topic is needed."),
        (".", "cannot be called '.'"),
        ("..", "cannot be called '..'"),
        ("insights!", "found “!”"),
        ("a b", "found a blank"),
        ("a,b", "found “,”"),
        ("a\x1bb", "found U+001B"),
        ("größe", "found “ö” and “ß”"),
        ("x" * 250, "249 characters at most; these are 250"),
    ],
)
def test_topics_follow_kafkas_rules(topic: str, said: str) -> None:
    ((field, text),) = texts(replace(PLAIN_FORM, topic=topic))
    assert field == "topic"
    assert said in text


def test_a_topic_of_249_characters_is_fine_and_an_internal_one_a_hint() -> None:
    assert hints(replace(PLAIN_FORM, topic="x" * 249)) == []
    assert hints(replace(PLAIN_FORM, topic="__consumer_offsets")) == ["topic_internal"]
    assert hints(replace(PLAIN_FORM, topic="__mine")) == ["topic_internal"]
    assert hints(replace(PLAIN_FORM, topic="_mine")) == []


def test_types_and_mechanisms() -> None:
    ((field, text),) = texts(replace(PLAIN_FORM, connection_type="plaintext"))
    assert field == "connection_type"
    assert "kafka_unauthenticated_plaintext or kafka_sasl_ssl" in text
    for given_mechanism, meant in ((None, "SCRAM-SHA-256"), ("", "SCRAM-SHA-256"), (" plain ", "PLAIN")):
        made = validate(replace(SASL_FORM, sasl_mechanism=given_mechanism), now=NOW).connection
        assert made.mechanism == Mechanism(meant)


def test_a_plaintext_connection_saves_no_sasl_fields_and_says_so() -> None:
    form = replace(SASL_FORM, connection_type="kafka_unauthenticated_plaintext", ca_certificate="junk")
    validated = validate(form, now=NOW)
    assert [hint.message for hint in validated.hints] == [
        "An unencrypted connection uses no mechanism and no user name and no password and no CA certificate."
    ]
    made = validated.connection
    assert (made.mechanism, made.username, made.password, made.ca_pem) == (None, None, None, None)


@pytest.mark.parametrize("nasty", ["pw\n", "pw\r\n", "\x00", "a\tb", "\x7f", "\x85", "\ud800"])
def test_control_characters_are_refused_and_not_echoed(nasty: str) -> None:
    form = replace(SASL_FORM, broker_username="u" + nasty, broker_password=Secret(MARKER + nasty))
    errors = check(form, now=NOW).errors
    assert [(error.field, error.code) for error in errors] == [
        ("broker_username", "control_character"),
        ("broker_password", "control_character"),
    ]
    assert "Marker" not in repr(errors)


def test_credentials_that_are_too_long_are_refused() -> None:
    form = replace(SASL_FORM, broker_username="u" * 1_025, broker_password=Secret("p" * 8_193))
    assert [error.code for error in check(form, now=NOW).errors] == ["too_long", "too_long"]


def test_credentials_that_look_odd_are_hints() -> None:
    assert (
        hints(replace(SASL_FORM, broker_username=" user", broker_password=Secret("pw "))) == ["surrounding_space"] * 2
    )
    assert hints(replace(SASL_FORM, broker_password=Secret("pä"))) == ["non_ascii"]
    assert hints(replace(SASL_FORM, broker_password=Secret("pa\u0308"))) == ["not_normalized"]
    assert validate(replace(SASL_FORM, broker_password=Secret(" p ")), now=NOW).connection.password == Secret(" p ")


SAVED = validate(SASL_FORM, now=NOW).connection
UNCHANGED = replace(SASL_FORM, broker_password=None)


@pytest.mark.parametrize(
    "form",
    [
        UNCHANGED,
        replace(UNCHANGED, topic="other"),
        replace(UNCHANGED, broker_url="H2:9093 h1:9093"),
        replace(UNCHANGED, broker_url="h1:9093"),
        replace(UNCHANGED, ca_certificate="talk\r\n" + CA),
    ],
)
def test_a_password_that_is_not_given_stays_where_it_goes(form: ConnectionForm) -> None:
    assert validate(form, now=NOW, saved=SAVED).connection.password == Secret(MARKER)


@pytest.mark.parametrize(
    ("form", "why"),
    [
        (replace(UNCHANGED, broker_url="h1:9093,evil:9093"), "evil:9093 was not among the servers"),
        (replace(UNCHANGED, broker_url="a:1,b:2,c:3"), "a:1 and 2 more were not among the servers"),
        (replace(UNCHANGED, broker_url="h1:9094"), "h1:9094 was not among the servers"),
        (replace(UNCHANGED, sasl_mechanism="PLAIN"), "The mechanism was SCRAM-SHA-512"),
        (replace(UNCHANGED, sasl_mechanism=None), "The mechanism was SCRAM-SHA-512"),
        (replace(UNCHANGED, ca_certificate=None), "The CA certificate changed"),
        (replace(UNCHANGED, ca_certificate=CA + make("Second").pem), "The CA certificate changed"),
    ],
)
def test_a_saved_password_never_goes_elsewhere(form: ConnectionForm, why: str) -> None:
    ((field, text),) = texts(form, SAVED)
    assert field == "broker_password"
    assert text == f"{why}, so the saved password is not used. Type it again."


def test_a_password_is_needed_where_none_is_saved() -> None:
    plain = validate(PLAIN_FORM, now=NOW).connection
    for saved in (None, plain):
        ((field, text),) = texts(UNCHANGED, saved)
        assert (field, text) == ("broker_password", "A password is needed. Type it, or name where it is kept.")


def test_another_error_does_not_hide_behind_the_password() -> None:
    assert [field for field, _ in texts(replace(UNCHANGED, broker_url="evil"), SAVED)] == ["broker_url"]
    assert [field for field, _ in texts(replace(UNCHANGED, ca_certificate="junk"), SAVED)] == ["ca_certificate"]


def test_a_new_user_with_the_old_password_is_a_hint() -> None:
    assert hints(replace(UNCHANGED, broker_username="other"), SAVED) == ["password_unchanged"]


texts_people_type = st.one_of(st.none(), st.text(max_size=30))


@given(
    st.builds(
        ConnectionForm,
        topic=st.text(max_size=30),
        broker_url=st.text(max_size=60),
        connection_type=st.sampled_from(["kafka_sasl_ssl", "kafka_unauthenticated_plaintext", "x"]),
        sasl_mechanism=st.one_of(texts_people_type, st.sampled_from(list(Mechanism)).map(str)),
        broker_username=texts_people_type,
        broker_password=texts_people_type.map(lambda text: None if text is None else Secret(text)),
        ca_certificate=texts_people_type,
    ),
    st.sampled_from([None, SAVED]),
)
def test_whatever_is_typed_is_answered(form: ConnectionForm, saved: Connection | None) -> None:
    checked = check(form, now=NOW, saved=saved)
    assert (checked.connection is None) == bool(checked.errors)
    assert all(note.field in FIELDS and note.text.isprintable() for note in (*checked.errors, *checked.hints))
