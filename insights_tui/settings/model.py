"""Every setting, with what it means: the docstrings are the reference."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from insights_tui.domain.connection import Secret
from insights_tui.places import Places, places
from insights_tui.settings import values

_GROUP = ConfigDict(
    frozen=True,
    extra="forbid",
    arbitrary_types_allowed=True,
    hide_input_in_errors=True,  # an input may be a password
    use_attribute_docstrings=True,
)
SomePath = Annotated[Path, BeforeValidator(values.path)]
Size = Annotated[int, BeforeValidator(values.size), Field(gt=0)]
Name = Annotated[str, BeforeValidator(values.name)]
Switch = Annotated[Literal["on", "off"], BeforeValidator(values.switch)]
Password = Annotated[Secret, BeforeValidator(values.secret)]


class Delivery(BaseModel):
    """How payloads reach Kafka."""

    model_config = _GROUP

    deadline_s: Annotated[float, Field(gt=0, le=7 * 86_400, allow_inf_nan=False)] = 240.0
    """Seconds from acceptance until a payload is lost; at most a week."""
    durability: Annotated[Literal["full", "memory"], BeforeValidator(values.lower)] = "full"
    """`full`: an accepted payload survives a crash and a power cut. `memory`: it does not."""
    compression: Annotated[Literal["zstd", "none", "lz4", "snappy", "gzip"], BeforeValidator(values.lower)] = "zstd"
    """How record batches are compressed."""


class Queue(BaseModel):
    """How much may be pending."""

    model_config = _GROUP

    max_payloads: Annotated[int, Field(gt=0)] = 2_000_000
    """Pending payloads, in memory or on disk; beyond it ingest answers 429."""
    max_bytes: Size = 2 * 1024**3
    """Bytes of pending payloads; beyond it ingest answers 429."""
    window_payloads: Annotated[int, Field(gt=0)] = 20_000
    """Payloads that are kept ready in memory."""


class Spool(BaseModel):
    """How much the disk may hold."""

    model_config = _GROUP

    max_bytes: Size = 2 * 1024**3
    """Bytes of the spool, at most a quarter of them dead letters."""


class Ingest(BaseModel):
    """What algorithms report to."""

    model_config = _GROUP

    token_file: SomePath | None = None
    """File with a token; ingest then needs `/t/{token}`. Required where the address is not loopback."""
    owner: Name = "local"
    """The algorithm's owner in a report that names none."""
    name: Name = "default"
    """The algorithm's name in a report that names none."""
    version: Name = "0.0.0"
    """The algorithm's version in a report that names none."""


class Algorithms(BaseModel):
    """Which algorithms report."""

    model_config = _GROUP

    default: Switch = "on"
    """Whether Insights is on for an algorithm that nobody has turned on or off."""


class Record(BaseModel):
    """What a Kafka record carries beside its value."""

    model_config = _GROUP

    key: Annotated[Literal["none", "request_id", "algorithm"], BeforeValidator(values.lower)] = "none"
    """`none` spreads payloads evenly; `algorithm` keeps those of one version in order on one partition."""
    cloudevents: Switch = "off"
    """`on` adds the headers of CloudEvents' binary mode (`ce_id`, `ce_type`, `ce_source`, `ce_specversion`)."""


class Log(BaseModel):
    """What is logged: the agent's log goes to stderr, the interface's to a file in the state directory."""

    model_config = _GROUP

    level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(values.lower)] = "info"
    """The least that is logged."""
    format: Annotated[Literal["text", "json"], BeforeValidator(values.lower)] = "text"
    """Lines for people or for programs."""


class Interface(BaseModel):
    """How the interface behaves."""

    model_config = _GROUP

    agents: Annotated[tuple[str, ...], BeforeValidator(values.words)] = ()
    """Sockets of the agents that it may show, the first one at its start; `--socket` goes before it."""
    read_only: Switch = "off"
    """`on`: nothing can be changed, as with `--read-only`."""
    theme: Annotated[Literal["dark", "light", "contrast", "terminal"], BeforeValidator(values.lower)] = "dark"
    """Its colours, as with `--theme`: `contrast` is white on black, `terminal` the terminal's own sixteen."""
    keys: Annotated[dict[str, str], BeforeValidator(values.keymap)] = {}
    """Other keys for acts, by the act's id: `"insights.freeze" = "f"`, or `insights.freeze=f,app.quit=Q`."""


class Seed(BaseModel):
    """The connection to begin with: used only where none is stored."""

    model_config = _GROUP

    topic: str | None = None
    """The topic that the payloads go to."""
    servers: str | None = None
    """The bootstrap list, `host:port` separated by commas."""
    type: Annotated[Literal["plaintext", "sasl"], BeforeValidator(values.lower)] | None = None
    """`plaintext`, or `sasl` (always over TLS); `sasl` where a user name is set."""
    mechanism: str | None = None
    """SCRAM-SHA-256 (the default), SCRAM-SHA-512 or PLAIN."""
    username: str | None = None
    """The Kafka user."""
    password: Password | None = None
    """The Kafka user's password."""
    ca_file: SomePath | None = None
    """File with the CA's certificates in PEM; the system's trust store where there is none."""


class Settings(BaseSettings):
    """All settings; made by `load_settings`, or by hand in tests (then neither environment nor file is read)."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    socket: SomePath | None = None
    """The agent's socket: where to listen, and where to look first."""
    state_dir: SomePath | None = None
    """The state directory: spool, connection, secrets, events."""
    listen: Annotated[values.Listen | None, BeforeValidator(values.listen)] = values.Listen("127.0.0.1", 9000)
    """Where algorithms report to: `host:port`; port 0 picks one, `none` turns it off."""
    installation: Annotated[str, BeforeValidator(values.label)] | None = None
    """What people call this installation, for example `prod-eu`."""
    token_file: SomePath | None = None
    """File with the token for control calls over TCP; without it they are refused."""
    allowed_hosts: Annotated[tuple[str, ...], BeforeValidator(values.words)] = ()
    """Names, beside those of loopback, that a client may call this host by."""
    delivery: Delivery = Delivery()
    queue: Queue = Queue()
    spool: Spool = Spool()
    ingest: Ingest = Ingest()
    algorithms: Algorithms = Algorithms()
    record: Record = Record()
    log: Log = Log()
    interface: Interface = Interface()
    connection: Seed = Seed()

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)
    _system: bool = PrivateAttr(default=False)
    _environ: Mapping[str, str] | None = PrivateAttr(default=None)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read nothing but what is passed in: `load_settings` brings its own layers."""
        return (init_settings,)

    @model_validator(mode="after")
    def _bind_needs_token(self) -> Self:
        if self.listen is not None and not self.listen.loopback and self.ingest.token_file is None:
            raise ValueError("is reached from other machines without a token. Set ingest.token_file, or use 127.0.0.1.")
        return self

    @property
    def places(self) -> Places:
        """Where this agent's things are."""
        return places(self._system, self._environ or os.environ, state_dir=self.state_dir, socket=self.socket)

    def remember(self, origins: dict[str, str], *, system: bool, environ: Mapping[str, str]) -> None:
        """Keep where the values come from (`load_settings` calls it)."""
        self._origins = origins
        self._system = system
        self._environ = environ

    def origin(self, key: str) -> str:
        """Tell where a value comes from: `delivery.deadline_s` → `environment`, a file's path, `default`."""
        return self._origins.get(key, "default")
