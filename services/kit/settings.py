"""What a process of one organisation is told by its environment. Every setting stands in ``deploy/docs/settings.md``."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from events.shared_log.kafka.settings import KafkaSettings


class Settings(BaseSettings):
    """Of ``palvelupolku serve``. Names of the environment are these in capitals."""

    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True, env_ignore_empty=True)

    installation: Path = Field(description="The installation: which organisations there are (TOML).")
    secrets: Path = Field(
        description="A folder with the organisation's secret keys (`ORGANISATION/store.key`, `signing.key` and, at the "
        "client's own place, `authority.key`). `palvelupolku keys` makes them."
    )
    database_url: SecretStr = Field(description="The organisation's own PostgreSQL database, with its own role.")
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
    authority_url: str | None = Field(
        default=None,
        description="Where the client's own place answers for keys and consents, e.g. `https://oma-polku.example/authority`. "
        "Needed everywhere but there.",
    )
    story_clock: Path | None = Field(
        default=None, description="The file of a story's clock, for development and tests; the real clock, if left out."
    )
    people: Path | None = Field(
        default=None, description="A story's test people (JSON), for development and tests."
    )

    def kafka(self, client_id: str) -> KafkaSettings:
        """As the log wants them. Raises ``ValueError``."""
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
