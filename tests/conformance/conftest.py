"""A topic of its own for each test that asks for one."""

from collections.abc import Iterator

import pytest

from events.shared_log.kafka import KafkaSettings, KafkaSharedLog
from events.shared_log.kafka.topic import administration, create_topic
from tests.servers import fresh_topic, kafka


@pytest.fixture
def settings() -> Iterator[KafkaSettings]:
    """Six partitions: enough that clients are apart."""
    made = KafkaSettings(kafka(), topic=fresh_topic("log"), partitions=6)
    create_topic(made, replication=1, min_insync=1)
    yield made
    with administration(made) as admin:
        admin.delete_topics([made.topic])


@pytest.fixture
def kafka_log(settings: KafkaSettings) -> Iterator[KafkaSharedLog]:
    log = KafkaSharedLog(settings)
    yield log
    log.close()
