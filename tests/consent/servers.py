"""A world on servers: a PostgreSQL database for each organisation, and a topic of its own with a few partitions."""

import itertools
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
from kafka import KafkaConsumer, TopicPartition

from events.codec import decode
from events.envelope import Fact
from events.shared_log import Positioned, SharedLog
from events.shared_log.kafka import KafkaSettings
from events.shared_log.kafka.topic import administration, create_topic
from services.kit.bootstrap import Platform
from services.kit.clock import StoryClock
from services.kit.migrations import Tables, migrate
from services.kit.servers import Servers, make_keys
from tests.consent.files import memory
from tests.consent.world import FIRST_DAY, HOME, INSTALLATION, ORGANISATIONS, registered
from tests.places import empty_by
from tests.servers import fresh_database, fresh_topic, kafka, postgres

PARTITIONS = 3

Connection = psycopg.Connection[tuple[Any, ...]]


class Databases:
    """An organisation's database each, made once and emptied for each world; and one connection to look at it by."""

    def __init__(self, stack: ExitStack):
        self.folder = memory()
        self.secrets = self.folder / "secrets"
        self.urls = {o: stack.enter_context(fresh_database(postgres())) for o in ORGANISATIONS}
        for organisation, url in self.urls.items():
            make_keys(self.secrets, organisation, organisation == HOME)
            migrate(url)
        migrate(self.urls[HOME], Tables.AUTHORITY)
        self.looking: dict[str, Connection] = {
            o: stack.enter_context(psycopg.connect(url, autocommit=True)) for o, url in self.urls.items()
        }
        self.number = itertools.count()


@contextmanager
def databases() -> Iterator[Databases]:
    with ExitStack() as stack:
        yield Databases(stack)


class OnServers:
    """See ``tests.consent.world.Kept``."""

    def __init__(self, databases: Databases):
        self._databases = databases
        self._data = databases.folder / f"world-{next(databases.number)}"
        self._data.mkdir()
        self.clock_file = self._data / "clock.json"
        for connection in databases.looking.values():
            empty_by(connection)
        self.kafka = KafkaSettings(kafka(), topic=fresh_topic("consent"), partitions=PARTITIONS)
        create_topic(self.kafka, replication=1, min_insync=1)
        StoryClock(self.clock_file).move(FIRST_DAY, 0)
        self.clients: tuple[str, ...] = ()

    def platform(self, clock: StoryClock) -> Platform:
        places = Servers(self.kafka, self._databases.urls, self._databases.secrets)
        platform = Platform(self._data, INSTALLATION, clock, places=places)
        self.clients = self.clients or registered(platform)
        return platform

    def append_again(self, log: SharedLog, original: Positioned) -> None:
        self.repeat(log, original)

    def repeat(self, log: SharedLog, original: Positioned) -> None:
        (place,) = log.append([original.record])
        assert place > original.position

    def on_disk(self, organisation: str, client: str, after: int = 0) -> list[Fact]:
        query = "SELECT state FROM stored_events WHERE originator_id = %s AND originator_version > %s ORDER BY originator_version"
        return [decode(state) for (state,) in self._databases.looking[organisation].execute(query, (client, after))]

    def bytes_of_the_log(self) -> Iterable[bytes]:
        """What a plain consumer gets: keys, values, headers."""
        places = [TopicPartition(self.kafka.topic, n) for n in range(PARTITIONS)]
        consumer = KafkaConsumer(bootstrap_servers=self.kafka.bootstrap_servers, enable_auto_commit=False)
        try:
            consumer.assign(places)
            consumer.seek_to_beginning(*places)
            ends = consumer.end_offsets(places)
            while any(consumer.position(place) < end for place, end in ends.items()):
                for message in itertools.chain.from_iterable(consumer.poll(1000).values()):
                    yield from (message.key, message.value)
                    for name, value in message.headers:
                        yield from (name.encode(), value)
        finally:
            consumer.close()

    def remove(self) -> None:
        with administration(self.kafka) as admin:
            admin.delete_topics([self.kafka.topic])
        shutil.rmtree(self._data, ignore_errors=True)
