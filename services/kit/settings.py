"""What a process is told by its environment: nothing else in the product reads it. ``deploy/docs/settings.md`` is made of
these classes (``palvelupolku settings --markdown``)."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import DirectoryPath, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SecretsSettingsSource, SettingsConfigDict

if TYPE_CHECKING:  # its package imports Kafka's library, for which no command should wait that does not use it
    from events.shared_log.kafka.settings import KafkaSettings

CONFIG = SettingsConfigDict(extra="ignore", hide_input_in_errors=True, env_ignore_empty=True)


class Folder(BaseSettings):
    """Where settings may stand too"""

    model_config = CONFIG

    settings_folder: DirectoryPath | None = Field(
        default=None,
        description="A folder in which a setting may stand as a file: its name in small letters, e.g. `database_url`, and in "
        "it the value. For secrets, as Docker and Kubernetes mount them. The environment counts more.",
    )


class Environment(BaseSettings):
    """Settings from the environment and from the files of ``SETTINGS_FOLDER``. Names are the fields' in capitals."""

    model_config = CONFIG

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        folder = Folder().settings_folder
        files = (SecretsSettingsSource(settings_cls, secrets_dir=folder),) if folder else ()
        return (init_settings, env_settings, *files)


class KafkaEnvironment(Environment):
    """The shared log"""

    kafka_bootstrap_servers: str = Field(description="Kafka's addresses, with commas between.")
    kafka_topic: str = Field(default="palvelupolku.log", description="The topic that is the shared log.")
    kafka_partitions: int = Field(default=64, description="Its number of partitions; never changed afterwards.")
    kafka_security_protocol: str = Field(default="PLAINTEXT", description="`PLAINTEXT`, `SSL`, `SASL_PLAINTEXT`, `SASL_SSL`.")
    kafka_sasl_mechanism: str | None = Field(default=None, description="`SCRAM-SHA-256`, for example.")
    kafka_sasl_username: str | None = Field(default=None, description="The organisation's name at Kafka.")
    kafka_sasl_password: SecretStr | None = Field(default=None, description="Its password there.")
    kafka_ssl_cafile: str | None = Field(default=None, description="Who vouches for the brokers (PEM).")
    kafka_ssl_certfile: str | None = Field(default=None, description="The organisation's certificate (PEM).")
    kafka_ssl_keyfile: str | None = Field(default=None, description="Its key (PEM).")
    kafka_timeout: float = Field(default=10.0, description="Seconds after which a broker that does not answer is away.")

    def kafka(self, client_id: str) -> "KafkaSettings":
        """As the log wants them. Raises ``ValueError``."""
        from events.shared_log.kafka.settings import KafkaSettings

        password = self.kafka_sasl_password
        return KafkaSettings(
            bootstrap_servers=self.kafka_bootstrap_servers,
            topic=self.kafka_topic,
            partitions=self.kafka_partitions,
            security_protocol=self.kafka_security_protocol,
            sasl_mechanism=self.kafka_sasl_mechanism,
            sasl_username=self.kafka_sasl_username,
            sasl_password=password.get_secret_value() if password else None,
            ssl_cafile=self.kafka_ssl_cafile,
            ssl_certfile=self.kafka_ssl_certfile,
            ssl_keyfile=self.kafka_ssl_keyfile,
            client_id=client_id,
            timeout=self.kafka_timeout,
        )


class DatabaseEnvironment(Environment):
    """The organisation's database"""

    database_url: SecretStr = Field(description="The organisation's own PostgreSQL database, with its own role.")
    installation: Path = Field(description="The installation: which organisations there are (TOML).")


class Telemetry(Environment):
    """What it tells of itself"""

    otel_exporter_otlp_endpoint: str | None = Field(
        default=None,
        description="Where traces and figures are sent (OTLP over HTTP), e.g. `http://collector:4318`; nowhere, if left out. "
        "OpenTelemetry's other variables hold too: `OTEL_TRACES_SAMPLER`, `OTEL_EXPORTER_OTLP_HEADERS` and so on.",
    )
    trace_on_log: bool = Field(
        default=True,
        description="Whether what a sampled act writes carries its trace to the shared log, so that a trace leads from a click "
        "to the row in another's view. What it shows to others: `residual-risks.md`.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="What is logged, as lines of JSON on stderr."
    )


class Development(Environment):
    """Development and tests"""

    story_clock: Path | None = Field(default=None, description="The file of a story's clock; the real clock, if left out.")
    people: Path | None = Field(default=None, description="A story's test people (JSON).")


class Settings(Telemetry, Development, KafkaEnvironment, DatabaseEnvironment):
    """The organisation's process"""

    secrets: Path = Field(
        description="A folder with the organisation's secret keys (`ORGANISATION/store.key`, `signing.key` and, at the "
        "client's own place, `authority.key`). `palvelupolku keys` makes them."
    )
    authority_url: str | None = Field(
        default=None,
        description="Where the client's own place answers for keys and consents, e.g. `https://oma-polku.example/authority/`. "
        "Needed everywhere but there. Keys come this way: `https` (`SSL_CERT_FILE` names the authorities to trust), or this "
        "machine.",
    )
    authority_over_plain_http: bool = Field(
        default=False,
        description="Let `AUTHORITY_URL` be plain `http` on another machine: only in a network that nobody else can listen in.",
    )

    @model_validator(mode="after")
    def _keys_pass_where_nobody_listens(self) -> Self:
        if self.authority_url is not None and not self.authority_over_plain_http:
            asked = urlsplit(self.authority_url)
            if asked.scheme != "https" and asked.hostname not in ("127.0.0.1", "::1", "localhost"):
                raise ValueError("AUTHORITY_URL is not https: keys would pass over the network in clear")
        return self


class DatabaseAdministration(Environment):
    """Making organisations' databases"""

    admin_database_url: SecretStr = Field(
        description="PostgreSQL, with a role that may make roles and databases (`CREATEROLE CREATEDB`)."
    )


USED_BY: dict[type[BaseSettings], str] = {
    Folder: "every command below",
    Settings: "`serve` and `node`, with those of the database and of the shared log",
    DatabaseEnvironment: "`serve`, `node`, and `migrate`, which needs no other",
    KafkaEnvironment: "`serve`, `node`, and an administrator's `migrate-log`, `create-topic`, `create-account`, `allow`, which need no other",
    DatabaseAdministration: "an administrator's `create-database`",
    Telemetry: "`serve`, `node` and `run`",
    Development: "`serve --development`",
}
"""Every class of settings, and the commands that read it."""


class Told(NamedTuple):
    """A setting, for people. ``default`` is empty where there is none."""

    name: str
    default: str
    what: str


def rows(kind: type[BaseSettings]) -> Iterator[Told]:
    """The settings that a class adds to those that it is made of."""
    for name, field in kind.model_fields.items():
        if name in kind.__annotations__:
            default = NEEDED if field.is_required() else "" if field.default is None else str(field.default)
            yield Told(name.upper(), default, field.description or "")


def markdown() -> str:
    """``deploy/docs/settings.md``."""
    parts = [_INTRODUCTION]
    for kind, commands in USED_BY.items():
        table = "".join(f"| `{r.name}` | {_default(r.default)} | {r.what} |\n" for r in rows(kind))
        parts.append(f"## {kind.__doc__}\n\nRead by {commands}.\n\n{_HEAD}{table}")
    return "\n".join(parts)


def _default(told: str) -> str:
    return told if told in ("", NEEDED) else f"`{told}`"


NEEDED = "needed"
_HEAD = "| setting | default | what it is |\n|---|---|---|\n"
_INTRODUCTION = """# Settings

What a process reads from its environment. An empty value counts as none; what is missing or wrong is told by name, never
with its value. Commands on a data directory read none of these; `palvelupolku run` reads what a process tells of itself.

This page is made by `palvelupolku settings --markdown`, and a test compares the two.
"""
