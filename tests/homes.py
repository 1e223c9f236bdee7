"""The client's own place in processes of its own: on a PostgreSQL database and, where a test needs it, a Kafka topic."""

from base64 import b64encode
from pathlib import Path

import msgspec

from events.shared_log.kafka import KafkaSettings
from services.kit.clock import Clock
from services.kit.config import Installation
from services.kit.node import WEB, Node
from services.kit.servers import Servers, make_keys

NO_KAFKA = KafkaSettings("127.0.0.1:1", timeout=1)


def with_keys(installation: Installation, secrets: Path) -> Installation:
    """Each organisation's keys are made, and the public ones named."""
    organisations = []
    for organisation in installation.organisation:
        public = make_keys(secrets, organisation.id, organisation.kind == "client")
        organisations.append(msgspec.structs.replace(organisation, public_keys=(b64encode(public).decode(),)))
    return msgspec.structs.replace(installation, organisation=tuple(organisations))


def home_of(installation: Installation, url: str, secrets: Path, clock: Clock, kafka: KafkaSettings = NO_KAFKA) -> Node:
    """One process that answers there; whatever others do at the same place is another's. ``installation``: see ``with_keys``."""
    home = installation.client_organisation.id
    return Node(installation, home, Servers(kafka, {home: url}, secrets), clock, None, frozenset({WEB}))
