"""The authority in two processes, and behind its address."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from events.shared_log.kafka import KafkaSettings
from events.shared_log.kafka.topic import create_topic
from tests.projections.town import Town
from tests.servers import fresh_topic, kafka
from tests.services.client.authorities import Authorities
from tests.services.client.served import ServedAuthority, served


@pytest.fixture(scope="module")
def both(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authorities]:
    """They go on from test to test, as they would; each test has a client of its own."""
    topic = KafkaSettings(kafka(), topic=fresh_topic("authorities"), partitions=3)
    create_topic(topic, replication=1, min_insync=1)
    made = Authorities(tmp_path_factory.mktemp("authorities"), database_url, topic)
    yield made
    made.close()


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    opened = Town(tmp_path)
    yield opened
    opened.platform.close()


@pytest.fixture
def there(town: Town) -> Iterator[ServedAuthority]:
    with served(town) as authority:
        yield authority
