"""What a terminal shows is told by its locale: Python writes UTF-8 in a C locale, too."""

import os

import pytest

from insights_tui.cli.charset import charset
from insights_tui.cli.options import look_of
from tests.cli.conftest import run_program
from tests.cli.fake_agent import FakeAgent

LOCALE = ("LANG", "LC_ALL", "LC_CTYPE", "PYTHONUTF8", "PYTHONIOENCODING", "PYTHONCOERCECLOCALE")


@pytest.mark.parametrize(
    ("environ", "coerced"),
    [
        ({"LANG": "en_US.UTF-8"}, True),  # a locale that is not installed here, as over SSH
        ({"LANG": "C.utf8"}, False),
        ({"LANG": "de_DE.utf8@euro"}, False),
        ({"LANG": "C", "LC_CTYPE": "UTF-8"}, False),
        ({"LANG": "C", "LC_ALL": "C.UTF-8"}, False),
    ],
)
def test_a_locale_of_utf8_gets_it(environ: dict[str, str], coerced: bool) -> None:
    assert charset("utf-8", environ, coerced=coerced) == "utf-8"


@pytest.mark.parametrize(
    ("environ", "coerced"),
    [
        ({}, True),
        ({"LANG": "C"}, True),
        ({"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),  # Python has set LC_CTYPE
        ({"LANG": "de_DE.ISO-8859-1"}, False),
        ({"LANG": "de_DE"}, False),
    ],
)
def test_any_other_gets_ascii(environ: dict[str, str], coerced: bool) -> None:
    assert charset("utf-8", environ, coerced=coerced) == "ascii"


def test_a_stream_that_does_not_write_utf8_is_taken_at_its_word() -> None:
    assert charset("iso-8859-1", {"LANG": "C.UTF-8"}, coerced=False) == "iso-8859-1"
    assert charset(None, {"LANG": "C.UTF-8"}, coerced=False) == "ascii"


@pytest.mark.parametrize(("locale", "plain"), [({"LANG": "C"}, True), ({}, True), ({"LANG": "C.UTF-8"}, False)])
def test_a_real_program_follows_its_locale(agent: FakeAgent, locale: dict[str, str], plain: bool) -> None:
    agent.shows()
    env = {name: value for name, value in os.environ.items() if name not in LOCALE} | locale
    ended = run_program("status", "--socket", agent.socket, env=env)
    assert ended.code == 0, ended.err
    assert ended.out.isascii() == plain


@pytest.mark.parametrize(
    ("locale", "asked", "plain"), [("C", None, True), ("C", False, False), ("C.UTF-8", True, True)]
)
def test_the_screen_does_too_unless_it_is_told(
    monkeypatch: pytest.MonkeyPatch, locale: str, asked: bool | None, plain: bool
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    look = look_of(ascii_only=asked, interval=1.0, mouse=None, read_only=None, theme=None)
    assert look.ascii_only == plain
