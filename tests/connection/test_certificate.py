import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights_tui.domain.certificate import MAX_LENGTH, check_ca, describe_ca, read_ca
from insights_tui.domain.refused import FieldError, RefusedError
from tests.connection.pki import NOW, Made, make

ROOT = make()


def refused(pem: str) -> FieldError:
    with pytest.raises(RefusedError) as caught:
        check_ca(pem, now=NOW)
    (error,) = caught.value.errors
    assert error.field == "ca_certificate"
    return error


def test_a_ca_says_who_it_is() -> None:
    summary = read_ca(ROOT.pem, now=NOW)
    assert summary.subject == "Acme Root CA"
    assert len(summary.sha256) == 64
    assert summary.expires == ROOT.certificate.not_valid_after_utc
    assert summary.count == 1
    assert check_ca(ROOT.pem, now=NOW).hints == ()


@pytest.mark.parametrize(
    "written",
    [
        lambda pem: "\ufeff" + pem,
        lambda pem: pem.replace("\n", "\r\n"),
        lambda pem: "subject=CN = Acme\nissuer=CN = Acme\n" + pem + "\ntrailing talk",
        lambda pem: pem.replace("\n", "\\n"),
        lambda pem: pem.replace("\n", " "),
        lambda pem: "\n".join("   " + line for line in pem.splitlines()),
        lambda pem: pem + pem,
    ],
)
def test_what_pasting_does_to_pem_is_forgiven(written: Callable[[str], str]) -> None:
    read = check_ca(written(ROOT.pem), now=NOW)
    assert read.pem == ROOT.pem
    assert read.summary.count == 1


def test_a_bundle_is_told_by_the_one_that_expires_first() -> None:
    soon = make("Soon CA", days=(-10, 200))
    summary = read_ca(ROOT.pem + soon.pem, now=NOW)
    assert (summary.subject, summary.count) == ("Soon CA", 2)


def test_an_expired_one_in_a_bundle_is_a_hint() -> None:
    old = make("Old CA", days=(-100, -1))
    read = check_ca(ROOT.pem + old.pem, now=NOW)
    assert [hint.code for hint in read.hints] == ["ca_partly_expired"]
    assert read.summary.subject == "Acme Root CA"


def test_dates_are_looked_at() -> None:
    expired = refused(make("Old CA", days=(-100, -1)).pem)
    assert (expired.code, expired.message) == ("ca_expired", "Old CA expired on 2026-11-21.")
    early = refused(make("New CA", days=(1, 100)).pem)
    assert (early.code, early.message) == ("ca_not_yet_valid", "New CA is valid from 2026-11-23 on, not yet.")
    soon = check_ca(make("Soon CA", days=(-10, 20)).pem, now=NOW)
    assert [hint.text for hint in soon.hints] == ["Soon CA expires in 20d 00h. Ask for its successor in time."]


@pytest.mark.parametrize("before", ["", ROOT.pem])
def test_a_private_key_is_refused_and_never_echoed(before: str) -> None:
    error = refused(before + ROOT.key_pem)
    assert error.code == "ca_private_key"
    secret_line = ROOT.key_pem.splitlines()[1]
    assert secret_line not in repr(error)


@pytest.mark.parametrize("label", ["RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY"])
def test_every_kind_of_private_key_is_known(label: str) -> None:
    assert refused(f"-----BEGIN {label}-----\nMIIB\n").code == "ca_private_key"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("", "ca_not_pem", "no certificate in this text"),
        ("hello", "ca_not_pem", "no certificate in this text"),
        (ROOT.der.decode("latin-1"), "ca_not_pem", "looks like DER"),
        (ROOT.der.decode("utf-8", "replace"), "ca_not_pem", "looks like DER"),
        ("".join(ROOT.pem.splitlines()[1:-1]), "ca_not_pem", "BEGIN and END lines are missing"),
        ("/etc/kafka/ca.pem", "ca_not_pem", "the name of a file"),
        (ROOT.pem[:-30], "ca_cut", "no END line"),
        (ROOT.pem + ROOT.pem[:100], "ca_cut", "no END line"),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "ca_unreadable", "cannot be read"),
        (ROOT.pem + ROOT.pem.replace("MII", "MIX"), "ca_unreadable", "Certificate 2 of 2"),
        ("-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----", "ca_unreadable", "cannot be read"),
        ("-----BEGIN PKCS7-----\nMIIB\n-----END PKCS7-----", "ca_not_a_certificate", "PKCS7"),
        ("-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n", "ca_not_a_certificate", "CERTIFICATE REQUEST"),
        ("-----BEGIN PUBLIC KEY-----\nMIIB\n" + ROOT.pem, "ca_not_a_certificate", "PUBLIC KEY"),
        ("x" * (MAX_LENGTH + 1), "ca_too_large", "1 MiB"),
        (ROOT.pem * 501, "ca_too_many", "501 certificates"),
        # A pattern that looks for each END anew took minutes for these.
        ("-----BEGIN CERTIFICATE-----" * 35_000, "ca_cut", "no END line"),
        ("-----BEGIN A-----" * 60_000, "ca_not_a_certificate", "A"),
    ],
)
def test_what_is_no_ca_is_refused_with_the_reason(text: str, code: str, said: str) -> None:
    error = refused(text)
    assert error.code == code
    assert said in error.message
    assert error.hint


def test_a_certificate_that_no_chain_ends_in_is_a_hint() -> None:
    def hint(*certificates: Made) -> list[str]:
        return [hint.code for hint in check_ca("".join(one.pem for one in certificates), now=NOW).hints]

    middle = make("Middle CA", issuer=ROOT)
    leaf = make("kafka-1", issuer=ROOT, ca=False)
    assert hint(middle) == ["ca_no_root"]
    assert hint(leaf) == ["ca_no_root"]
    assert hint(leaf, ROOT) == []
    assert hint(make("kafka-1", ca=False)) == []  # self-signed: trusted as it stands
    assert hint(make("kafka-1", ca=None)) == []


def test_a_hostile_subject_is_made_harmless() -> None:
    assert read_ca(make("evil\x1b[2J\u202eCA").pem, now=NOW).subject == "evil�CA"


def test_what_is_stored_is_described_expired_or_not() -> None:
    old = make("Old CA", days=(-100, -1))
    described = describe_ca(old.pem, now=NOW)
    assert described is not None
    assert described.subject == "Old CA"
    assert describe_ca("junk", now=NOW) is None


@given(st.text(), st.integers(0, 600), st.text(max_size=4))
def test_no_text_makes_it_raise_anything_else(noise: str, at: int, wedge: str) -> None:
    for text in (noise, ROOT.pem[:at] + wedge + ROOT.pem[at:]):
        with contextlib.suppress(RefusedError):
            assert ROOT.certificate.subject.rfc4514_string().endswith(check_ca(text, now=NOW).summary.subject)
