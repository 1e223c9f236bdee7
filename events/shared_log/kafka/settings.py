"""Where the Kafka is, how to sign in there, and the topic that is the shared log."""

from dataclasses import dataclass, field
from typing import Any

STRIDE = 1024
"""Positions of one partition are so far apart: a topic has at most so many partitions."""

LINGER, REQUEST = 0.25, 0.5
"""Shares of the time limit: how long an append's records may gather, how long a single question may take."""

FETCH_SECONDS = 0.5
"""So long a fetch waits at the broker for something to come. The library goes elsewhere in a partition only after it."""

BATCH_BYTES = 1_000_000
"""What may go to a partition in one piece. The topic takes a little more in one piece (``topic.MAX_MESSAGE_BYTES``)."""

READ_BYTES = 512 * 1024
"""What is fetched of a partition at once where only a part is asked for."""

SESSION_SECONDS = 15.0
"""A reader that died loses its partitions to the others of its group after so long."""

STALLED_SECONDS = 300.0
"""So does one that lives but neither reads nor waits for so long. Until then the others wait for it."""


@dataclass(frozen=True)
class KafkaSettings:
    """``bootstrap_servers`` with commas between. ``partitions``: what the topic was made with, never to be changed.
    ``timeout``: seconds after which a call gives up and raises ``LogUnavailable``, and so long it waits for those of other
    threads before it. Raises ``ValueError``."""

    bootstrap_servers: str
    topic: str = "palvelupolku.log"
    partitions: int = 64
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    ssl_cafile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    client_id: str = "palvelupolku"
    timeout: float = 10.0

    def __post_init__(self) -> None:
        if not 1 <= self.partitions <= STRIDE:
            raise ValueError(f"a topic has from 1 to {STRIDE} partitions")
        if self.timeout < 1:
            raise ValueError("an answer may take a second at least")

    def client(self) -> dict[str, Any]:
        """What every client of the library is given."""
        return {
            "bootstrap_servers": self.bootstrap_servers,
            "client_id": self.client_id,
            "security_protocol": self.security_protocol,
            "sasl_mechanism": self.sasl_mechanism,
            "sasl_plain_username": self.sasl_username,
            "sasl_plain_password": self.sasl_password,
            "ssl_cafile": self.ssl_cafile,
            "ssl_certfile": self.ssl_certfile,
            "ssl_keyfile": self.ssl_keyfile,
            "bootstrap_timeout_ms": int(self.timeout * 1000),
            "request_timeout_ms": int(self.timeout * 1000 * REQUEST),
            "reconnect_backoff_max_ms": 500,  # 30 s by default: so long would it be away after the broker is back
            "metadata_max_age_ms": 60_000,
        }

    def producer(self) -> dict[str, Any]:
        """Idempotent, with all copies' acknowledgement. The library lingers until it is told to send, so that what is
        for one partition goes in one piece (``KafkaSharedLog.append``). Sealed bytes do not compress."""
        return self.client() | {
            "acks": "all",
            "enable_idempotence": True,
            "compression_type": None,
            "batch_size": BATCH_BYTES,
            "max_request_size": 8 * BATCH_BYTES,
            "linger_ms": int(self.linger * 1000),
            "delivery_timeout_ms": int(self.timeout * 1000),
            "max_block_ms": int(self.timeout * 1000 * REQUEST),
            "metrics_enabled": False,
        }

    def consumer(self) -> dict[str, Any]:
        """Positions are kept with what is made of the records: nothing is committed, and nothing is read from a place
        that was not asked for."""
        return self.client() | {
            "auto_offset_reset": "none",
            "enable_auto_commit": False,
            "metrics_enabled": False,
            "fetch_max_wait_ms": int(min(FETCH_SECONDS, self.timeout * REQUEST / 2) * 1000),
        }

    def group(self, name: str) -> dict[str, Any]:
        """What a reader is given besides, that shares the partitions with others."""
        return {
            "group_id": name,
            "session_timeout_ms": int(SESSION_SECONDS * 1000),
            "heartbeat_interval_ms": 1000,  # the others hear so soon that somebody came or went
            "max_poll_interval_ms": int(STALLED_SECONDS * 1000),
        }

    @property
    def linger(self) -> float:
        """Seconds within which an append must have handed all its records to the library."""
        return self.timeout * LINGER
