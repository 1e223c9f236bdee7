"""Two processes that are the authority. They go on from test to test, as they would; each test has a client of its own."""

from collections.abc import Iterator

import pytest

from events.shared_log.kafka import KafkaSettings
from events.shared_log.kafka.topic import create_topic
from tests.servers import fresh_topic, kafka
from tests.services.client.authorities import Authorities


@pytest.fixture(scope="module")
def both(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authorities]:
    topic = KafkaSettings(kafka(), topic=fresh_topic("authorities"), partitions=3)
    create_topic(topic, replication=1, min_insync=1)
    made = Authorities(tmp_path_factory.mktemp("authorities"), database_url, topic)
    yield made
    made.close()
