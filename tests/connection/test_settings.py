from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from insights_tui.domain.connection import Secret
from insights_tui.settings import Listen, Settings, SettingsError, keys, load_settings, seed_form, variable
from tests.connection.pki import NOW, make

MARKER = "Marker-pw-1618"
NO_SUCH = "There is no such setting."
VARIABLES = """
SOCKET STATE_DIR LISTEN INSTALLATION TOKEN_FILE ALLOWED_HOSTS
DELIVERY__DEADLINE_S DELIVERY__DURABILITY DELIVERY__COMPRESSION
QUEUE__MAX_PAYLOADS QUEUE__MAX_BYTES QUEUE__WINDOW_PAYLOADS SPOOL__MAX_BYTES
INGEST__TOKEN_FILE INGEST__OWNER INGEST__NAME INGEST__VERSION ALGORITHMS__DEFAULT LOG__LEVEL LOG__FORMAT
RECORD__KEY RECORD__CLOUDEVENTS INTERFACE__AGENTS INTERFACE__READ_ONLY INTERFACE__THEME INTERFACE__KEYS
CONNECTION__TOPIC CONNECTION__SERVERS CONNECTION__TYPE CONNECTION__MECHANISM CONNECTION__USERNAME
CONNECTION__PASSWORD CONNECTION__CA_FILE
"""


def load(
    tmp_path: Path, toml: str = "", environ: dict[str, str] | None = None, flags: dict[str, Any] | None = None
) -> Settings:
    file = tmp_path / "config.toml"
    file.write_text(toml, encoding="utf-8")
    file.chmod(0o600)
    return load_settings(flags, environ={"HOME": str(tmp_path)} | (environ or {}), config_path=file)


def problems(
    tmp_path: Path, toml: str = "", environ: dict[str, str] | None = None, flags: dict[str, Any] | None = None
) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, toml, environ, flags)
    assert str(caught.value) == "\n".join(problem.text for problem in caught.value.problems)
    return [problem.text.replace(str(tmp_path), "~") for problem in caught.value.problems]


def test_the_defaults_are_those_of_the_interface(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.model_dump() == Settings().model_dump()
    assert settings.listen == Listen("127.0.0.1", 9000)
    assert (settings.delivery.deadline_s, settings.delivery.durability, settings.delivery.compression) == (
        240.0,
        "full",
        "zstd",
    )
    assert (settings.queue.max_payloads, settings.queue.window_payloads) == (2_000_000, 20_000)
    assert settings.spool.max_bytes == 2 * 1024**3
    assert (settings.ingest.owner, settings.ingest.name, settings.ingest.version) == ("local", "default", "0.0.0")
    assert settings.algorithms.default == "on"
    assert settings.origin("listen") == "default"


def test_every_setting_of_the_interface_is_there() -> None:
    assert {variable(key) for key in keys()} == {f"INSIGHTS_{name}" for name in VARIABLES.split()}


def test_every_setting_says_what_it_means() -> None:
    def look(model: type[BaseModel]) -> None:
        for name, info in model.model_fields.items():
            if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
                look(info.annotation)
            else:
                assert info.description, name

    look(Settings)


def test_flags_beat_environment_beats_file_beats_defaults(tmp_path: Path) -> None:
    toml = 'installation = "file"\n[delivery]\ndeadline_s = 10\ncompression = "lz4"\n[queue]\nmax_payloads = 5\n'
    environ = {"INSIGHTS_DELIVERY__DEADLINE_S": "20", "INSIGHTS_INSTALLATION": "environment", "INSIGHTS_SOCKET": ""}
    settings = load(tmp_path, toml, environ, {"delivery.deadline_s": 30, "socket": None})
    assert (settings.delivery.deadline_s, settings.installation) == (30.0, "environment")
    assert (settings.delivery.compression, settings.queue.max_payloads) == ("lz4", 5)
    assert settings.delivery.durability == "full"
    file = str(tmp_path / "config.toml")
    assert [
        settings.origin(key)
        for key in ("delivery.deadline_s", "installation", "delivery.compression", "delivery.durability", "socket")
    ] == ["command line", "environment", file, "default", "default"]


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("listen", "none", None),
        ("listen", "[::1]:0", Listen("::1", 0)),
        ("listen", "localhost:8080", Listen("localhost", 8080)),
        ("spool.max_bytes", "512 MiB", 512 * 1024**2),
        ("spool.max_bytes", "1GB", 10**9),
        ("spool.max_bytes", "4096", 4096),
        ("queue.max_bytes", "1.5k", 1536),
        ("algorithms.default", "OFF", "off"),
        ("delivery.durability", "Memory", "memory"),
        ("allowed_hosts", "a.example, b.example,", ("a.example", "b.example")),
        ("connection.password", MARKER, Secret(MARKER)),
        ("connection.type", "SASL", "sasl"),
        ("interface.agents", "/a.sock, /b.sock", ("/a.sock", "/b.sock")),
        ("interface.read_only", "On", "on"),
        ("interface.keys", "insights.freeze=f, app.quit=Q", {"insights.freeze": "f", "app.quit": "Q"}),
    ],
)
def test_values_are_read_as_people_write_them(tmp_path: Path, key: str, text: str, value: object) -> None:
    found: object = load(tmp_path, environ={variable(key): text})
    for name in key.split("."):
        found = getattr(found, name)
    assert found == value


def test_toml_has_its_own_types(tmp_path: Path) -> None:
    settings = load(tmp_path, 'allowed_hosts = ["a", "b"]\n[algorithms]\ndefault = false\n[spool]\nmax_bytes = 4096\n')
    assert (settings.allowed_hosts, settings.algorithms.default, settings.spool.max_bytes) == (("a", "b"), "off", 4096)


def test_all_errors_of_all_sources_at_once(tmp_path: Path) -> None:
    toml = """
lisen = "127.0.0.1:1"
socket = 3
log = 3
[delivery]
deadline_s = "soon"
compression = "zip"
[deliverie]
deadline_s = 1
"""
    environ = {"INSIGHTS_DELIVERY__DEADLIN": "1", "INSIGHTS_QUEUE": "9", "INSIGHTS_INGEST__OWNER": "a/b", "OTHER": "1"}
    assert problems(tmp_path, toml, environ, {"queue.max_payloads": 0}) == [
        f"environment, INSIGHTS_DELIVERY__DEADLIN: {NO_SUCH} Did you mean INSIGHTS_DELIVERY__DEADLINE_S?",
        "environment, INSIGHTS_QUEUE: There is no such setting. Did you mean INSIGHTS_QUEUE__MAX_BYTES?",
        "~/config.toml, lisen: There is no such setting. Did you mean listen?",
        "~/config.toml, deliverie: There is no such setting. Did you mean delivery?",
        "~/config.toml, socket: “3” is no path. Put it in quotes.",
        "~/config.toml, delivery.deadline_s: “soon” is no number.",
        "~/config.toml, delivery.compression: “zip” has to be one of zstd, none, lz4, snappy, gzip.",
        "command line, --max-payloads: “0” has to be more than 0.",
        "environment, INSIGHTS_INGEST__OWNER: “a/b” is no name. Use letters, digits, . _ and -, 128 at most.",
        "~/config.toml, log: This is a group of settings, not a value. Write [log], and its settings below that line.",
    ]


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("listen", "9000", "is no address"),
        ("listen", "127.0.0.1:65536", "is no address"),
        ("listen", "::1:9000", "without brackets"),
        ("listen", "example.com:9000", "is no address of this host"),
        ("listen", "0.0.0.0:9000", "without a token. Set ingest.token_file, or use 127.0.0.1."),
        ("delivery.deadline_s", "0", "has to be more than 0"),
        ("delivery.deadline_s", "1e9", "has to be 604800.0 or less"),
        ("delivery.deadline_s", "nan", "“nan” "),
        ("delivery.deadline_s", "inf", "“inf” "),
        ("queue.max_payloads", "1.5", "is no whole number"),
        ("spool.max_bytes", "much", "is no size"),
        ("spool.max_bytes", "0", "has to be more than 0"),
        ("log.level", "loud", "has to be one of debug, info, warning, error"),
        ("installation", "a\x00b", "“a�b” is no name"),
        ("connection.type", "ssl", "has to be one of plaintext, sasl"),
        ("socket", "/" + "x" * 200, "a socket's path has 107 at most"),
    ],
)
def test_a_value_that_does_not_hold_is_named(tmp_path: Path, key: str, text: str, said: str) -> None:
    (problem,) = problems(tmp_path, environ={variable(key): text})
    assert said in problem
    assert problem.startswith(f"environment, {variable(key)}: ") or key == "socket"


def test_other_machines_need_a_token(tmp_path: Path) -> None:
    assert load(tmp_path, environ={"INSIGHTS_LISTEN": "0.0.0.0:9000", "INSIGHTS_INGEST__TOKEN_FILE": "/t"}).listen
    assert load(tmp_path, environ={"INSIGHTS_LISTEN": "127.8.0.1:9000"}).listen


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "topic = insights")
    assert problem.startswith("~/config.toml: It is not valid TOML: ")
    assert "line 1" in problem


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    with pytest.raises(SettingsError, match="There is no such file"):
        load_settings(environ={}, config_path=missing)
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(environ={}, config_path=tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'installation = "gr\xfc\xdf"')
    with pytest.raises(SettingsError, match="not UTF-8"):
        load_settings(environ={}, config_path=tmp_path / "latin.toml")


def test_a_missing_file_at_its_usual_place_is_fine(tmp_path: Path) -> None:
    assert load_settings(environ={"HOME": str(tmp_path)}).model_dump() == Settings().model_dump()


def test_a_file_that_others_may_change_or_whose_password_others_may_read(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'[connection]\npassword = "{MARKER}"\n')
    file.chmod(0o646)
    with pytest.raises(SettingsError) as caught:
        load_settings(environ={}, config_path=file)
    assert [problem.repair for problem in caught.value.problems] == [f"Run chmod o-w {file}.", f"Run chmod o-r {file}."]
    file.chmod(0o640)
    assert load_settings(environ={}, config_path=file).connection.password == Secret(MARKER)


def test_the_password_shows_nowhere(tmp_path: Path) -> None:
    toml = f'[connection]\npassword = ["{MARKER}"]\n[delivery]\ndeadline_s = 0\n'
    assert MARKER not in "".join(problems(tmp_path, toml))
    settings = load(tmp_path, environ={"INSIGHTS_CONNECTION__PASSWORD": MARKER})
    assert MARKER not in repr(settings) + str(settings)
    with pytest.raises(SettingsError) as caught:
        seed_form(settings)
    assert MARKER not in str(caught.value)


def test_an_unknown_flag_is_our_mistake() -> None:
    with pytest.raises(KeyError, match=r"delivery\.deadline"):
        load_settings({"delivery.deadline": 1}, environ={})


def test_places_follow_the_settings(tmp_path: Path) -> None:
    settings = load(tmp_path, f'state_dir = "{tmp_path}/state"\n')
    assert settings.places.state_dir == tmp_path / "state"
    assert settings.places.socket == tmp_path / "state" / "agent.sock"
    assert load(tmp_path, flags={"socket": tmp_path / "s"}).places.socket == tmp_path / "s"


SEED = {"INSIGHTS_CONNECTION__TOPIC": "insights", "INSIGHTS_CONNECTION__SERVERS": "h1:9092"}
SASL = {"INSIGHTS_CONNECTION__USERNAME": "u", "INSIGHTS_CONNECTION__PASSWORD": MARKER}


def test_no_seed_is_no_form(tmp_path: Path) -> None:
    assert seed_form(load(tmp_path)) is None


def test_a_seed_becomes_a_form(tmp_path: Path) -> None:
    form = seed_form(load(tmp_path, environ=SEED))
    assert form is not None
    assert (form.topic, form.broker_url, form.connection_type) == (
        "insights",
        "h1:9092",
        "kafka_unauthenticated_plaintext",
    )
    ca = tmp_path / "ca.pem"
    ca.write_text(make().pem)
    form = seed_form(load(tmp_path, environ=SEED | SASL | {"INSIGHTS_CONNECTION__CA_FILE": str(ca)}), now=NOW)
    assert form is not None
    assert form.connection_type == "kafka_sasl_ssl"
    assert form.ca_certificate == ca.read_text()
    assert form.broker_password == Secret(MARKER)


def test_a_bad_seed_names_its_settings(tmp_path: Path) -> None:
    der = tmp_path / "ca.der"
    der.write_bytes(make().der)
    toml = f'[connection]\ntopic = "a b"\nca_file = "{der}"\n'
    with pytest.raises(SettingsError) as caught:
        seed_form(
            load(tmp_path, toml, {"INSIGHTS_CONNECTION__TYPE": "sasl", "INSIGHTS_CONNECTION__SERVERS": "h"}), now=NOW
        )
    assert [(problem.source, problem.key) for problem in caught.value.problems] == [
        (str(tmp_path / "config.toml"), "connection.topic"),
        ("environment", "INSIGHTS_CONNECTION__SERVERS"),
        ("environment", "INSIGHTS_CONNECTION__USERNAME"),
        ("environment", "INSIGHTS_CONNECTION__PASSWORD"),
        (str(tmp_path / "config.toml"), "connection.ca_file"),
    ]


def test_a_ca_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"INSIGHTS_CONNECTION__CA_FILE: .*cannot be read: No such file"):
        seed_form(load(tmp_path, environ=SEED | SASL | {"INSIGHTS_CONNECTION__CA_FILE": str(tmp_path / "no")}))


def test_what_tests_alone_set_is_no_setting() -> None:
    assert load_settings(environ={"INSIGHTS_TEST_CRASH_AT": "before_commit"}).socket is None


def test_where_an_algorithm_finds_its_agent_is_no_setting() -> None:
    assert load_settings(environ={"INSIGHTS_URL": "http://127.0.0.1:9000"}).socket is None
