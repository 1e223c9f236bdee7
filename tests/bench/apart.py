"""``make bench``, the second part: organisations apart, on a real Kafka and PostgreSQL, each figure beside what the plain
libraries do with the same bytes on the same servers in this one run."""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import httpx
import psycopg
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from rich.console import Console
from rich.table import Table

from events.codec import encode
from events.shared_log import Record
from events.shared_log.kafka import KafkaSettings
from events.shared_log.kafka.binding import headers
from events.shared_log.kafka.topic import create_topic
from projections.held import HeldFacts
from services.kit.bootstrap import Platform
from services.kit.client_file import Actor
from services.kit.clock import StoryClock
from services.kit.migrations import Tables, migrate
from services.kit.servers import Servers, make_keys
from services.social.activity.commands import RecordParticipation, StartActivity
from tests import run
from tests.bench import world
from tests.bench.__main__ import BENCH_CLIENT, memory, timed
from tests.nodes import Town, town
from tests.servers import fresh_database, fresh_topic, kafka, postgres

PARTITIONS = 16
COMMANDS = 1500
ROUNDS = 5
CLICKS = 200
BATCH = 500
SOCIAL, EMPLOYMENT = "orimattila-social", "orimattila-employment"


class OnServers:
    """The bench's installation in one process, on a topic and databases of its own."""

    def __init__(self, folder: Path, stack: ExitStack):
        self.kafka = KafkaSettings(kafka(), topic=fresh_topic("bench"), partitions=PARTITIONS)
        create_topic(self.kafka, 1, 1)
        self.databases = {o.id: stack.enter_context(fresh_database(postgres())) for o in world.INSTALLATION.organisation}
        for url in self.databases.values():
            migrate(url)
        migrate(self.databases[world.HOME], Tables.AUTHORITY)
        for organisation in world.INSTALLATION.organisation:
            make_keys(folder / "secrets", organisation.id, organisation.id == world.HOME)
        clock = StoryClock(folder / "clock.json")
        clock.move(world.DAY, 1)
        self.places = Servers(self.kafka, self.databases, folder / "secrets")
        self.platform = Platform(folder, world.INSTALLATION, clock, places=self.places)
        stack.callback(self.platform.close)

    def block(self, clients: int = world.CLIENTS_IN_BLOCK) -> int:
        """More clients with their facts, in the source's store. Returns how many facts."""
        new = list(world.facts(world.consenting_clients(self.platform, clients)))
        world.write(self.platform, new)
        return len(new)


def publish(on: OnServers) -> None:
    publisher = on.platform.organisations[world.SOURCE].publisher
    while publisher.step():
        pass


def project(on: OnServers) -> None:
    projector = on.platform.organisations[world.RECIPIENT].projector
    while projector.step():
        pass


def newest(on: OnServers, count: int) -> list[Record]:
    """Records that were just published: the bytes for the plain baselines."""
    log, found = on.platform.log, []
    for partition, head in log.heads().items():
        found += [p.record for p in log.read(partition, max(head - count // PARTITIONS * 1024, 0), count // PARTITIONS)]
    return found


def produce_plainly(on: OnServers, records: list[Record]) -> Callable[[], None]:
    topic = fresh_topic("plain")
    create_topic(KafkaSettings(on.kafka.bootstrap_servers, topic=topic, partitions=PARTITIONS), 1, 1)
    producer = KafkaProducer(bootstrap_servers=on.kafka.bootstrap_servers, acks="all")
    producer.partitions_for(topic)
    messages = [(r.data, r.subject.encode(), headers(r)) for r in records]

    def work() -> None:
        for data, key, with_headers in messages:
            producer.send(topic, data, key, with_headers)
        producer.flush()

    return work


def consume_and_insert(on: OnServers, url: str, count: int) -> Callable[[], None]:
    """The library's consumer, and an unnest insert of eight columns for each 500 records, with the same durability."""
    consumer = KafkaConsumer(bootstrap_servers=on.kafka.bootstrap_servers, enable_auto_commit=False)
    places = [TopicPartition(on.kafka.topic, n) for n in range(PARTITIONS)]
    consumer.assign(places)
    ends = consumer.end_offsets(places)
    for place in places:
        consumer.seek(place, max(ends[place] - count // PARTITIONS, 0))
    total = sum(min(ends[p], count // PARTITIONS) for p in places)
    connection = psycopg.connect(url, autocommit=True)
    connection.execute("CREATE TABLE IF NOT EXISTS plain (a bigint, b text, c text, d bigint, e text, f text, g text, h bytea)")

    def work() -> None:
        left = total
        while left > 0:
            rows = [m for found in consumer.poll(1000, max_records=BATCH).values() for m in found]
            left -= len(rows)
            columns = zip(*((m.offset, m.key.decode(), "s", m.offset, "c", "d", "e", m.value) for m in rows), strict=True)
            connection.execute(
                "INSERT INTO plain SELECT * FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::bigint[], %b::text[], "
                "%b::text[], %b::text[], %b::bytea[])",
                [list(c) for c in columns],
            )

    return work


def batches(on: OnServers, plain_url: str) -> tuple[float, float, float, float]:
    """µs a record: publisher, plain produce, projector, plain consume and insert; medians."""
    taken: list[tuple[float, ...]] = []
    for _ in range(ROUNDS):
        count = on.block()
        published = timed(lambda: publish(on)) / count
        records = newest(on, count)
        produced = timed(produce_plainly(on, records)) / len(records)
        projected = timed(lambda: project(on)) / count
        inserted = timed(consume_and_insert(on, plain_url, count)) / count
        taken.append((published, produced, projected, inserted))
    a, b, c, d = (statistics.median(t) * 1e6 for t in zip(*taken, strict=True))
    return a, b, c, d


def command_rate(on: OnServers, plain_url: str) -> tuple[float, float]:
    """Commands a second through the whole command path, and plain inserts of the same bytes, each in a transaction."""
    workshop = on.platform.organisations[world.SOURCE]
    actor = Actor("bench", "Bench", "workshop_instructor", world.SOURCE)
    clients = []
    for n in range(50):
        ref = on.platform.authority.client_ref(f"bench-{n}")
        workshop.register.put(ref, BENCH_CLIENT)
        workshop.execute(ref, StartActivity(days_per_week=4, place="Työpaja"), actor, "start")
        clients.append(ref)
    command = RecordParticipation(attended=True, hours=5)

    def give() -> None:
        for n in range(COMMANDS):
            workshop.execute(clients[n % len(clients)], command, actor, f"c{n}")

    data = encode(workshop.own_facts(clients[0])[-1])
    connection = psycopg.connect(plain_url, autocommit=True)
    connection.execute("CREATE TABLE IF NOT EXISTS facts (n bigserial PRIMARY KEY, data bytea)")

    def insert() -> None:
        for _ in range(COMMANDS):
            connection.execute("INSERT INTO facts (data) VALUES (%s)", (data,), prepare=True)

    return COMMANDS / timed(give), COMMANDS / timed(insert)


# From a click to the other's view


def clicks(there: Town) -> Iterator[float]:
    """Seconds from a command's acknowledgement until its row is in the other organisation's view, in real processes."""
    home = there.addresses[there.home]
    who = {"Authorization": "Development paivi", "X-Role": "own_social_worker"}
    with httpx.Client(base_url=f"{there.addresses[SOCIAL]}/{SOCIAL}", headers=who) as social:
        made = social.post("/clients", json={"full_name": "Testi Mittari", "hetu": "010170-999R"})
        ref = made.json()["client_ref"]
        consent = {"scopes": [{"from": [SOCIAL], "to": [EMPLOYMENT], "categories": ["case"]}]}
        given = httpx.post(
            f"{home}/{there.home}/clients/{ref}/give-consent", json=consent, headers={"Authorization": f"Development {ref}"}
        )
        assert given.status_code == 201, given.text
        with psycopg.connect(there.databases[EMPLOYMENT], autocommit=True) as view:
            for n in range(CLICKS):
                told = social.post(f"/clients/{ref}/hold-joint-meeting", json=MEETING | {"topic": f"kerta {n}"})
                assert told.status_code == 201, told.text
                acknowledged = time.perf_counter()
                while view.execute("SELECT COUNT(*) FROM view.held").fetchone() != (n + 1,):
                    pass
                yield time.perf_counter() - acknowledged


MEETING: dict[str, object] = {"participants": ["Kela"], "client_present": True}


def round_trips(bootstrap: str) -> Iterator[float]:
    """Seconds from a plain produce until a plain consumer has the record."""
    topic = fresh_topic("trip")
    create_topic(KafkaSettings(bootstrap, topic=topic, partitions=1), 1, 1)
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    consumer.assign([TopicPartition(topic, 0)])
    with closing(KafkaProducer(bootstrap_servers=bootstrap, acks="all")) as producer:
        for n in range(CLICKS + 20):
            start = time.perf_counter()
            producer.send(topic, os.urandom(1068), b"k" * 32)
            while not consumer.poll(1000):
                pass
            if n >= 20:
                yield time.perf_counter() - start


# A rebuild


class Tenth(NamedTuple):
    """Of a rebuild: read so far; µs an event by the clock, and of this process's own time, which other work on the machine
    does not lengthen; memory in MiB."""

    read: int
    taken: float
    own: float
    memory: int


def rebuild(on: OnServers, events: int) -> Iterator[Tenth]:
    """A rebuild of the recipient's view."""
    recipient = on.platform.organisations[world.RECIPIENT]
    place = on.places.of(world.RECIPIENT)
    view: HeldFacts = place.new_view()
    projector = recipient.projector_on(view, on.platform.log.reader())
    read, since, start, own = 0, 0, time.perf_counter(), time.process_time()
    while found := projector.step():
        read, since = read + found, since + found
        if since >= events // 10:
            taken, busy = time.perf_counter() - start, time.process_time() - own
            yield Tenth(read, taken / since * 1e6, busy / since * 1e6, memory())
            since, start, own = 0, time.perf_counter(), time.process_time()
    projector.close()
    place.discard(view)


def middle(values: list[float]) -> tuple[float, float]:
    """Median and 99th percentile, in milliseconds."""
    ordered = sorted(values)
    return statistics.median(ordered) * 1000, ordered[int(len(ordered) * 0.99) - 1] * 1000


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--rebuild", type=int, default=1_000_000, help="how many events are rebuilt")
    asked = parser.parse_args()
    screen = Console(width=140)
    table = Table("what", "product", "baseline", "ratio", "aim", title="organisations apart")
    with run.held(), TemporaryDirectory() as place, ExitStack() as stack, screen.status("measuring") as status:
        folder = Path(place)
        plain_url = stack.enter_context(fresh_database(postgres()))
        on = OnServers(folder, stack)
        commands, inserts = command_rate(on, plain_url)
        table.add_row("commands a second : plain insert per transaction", f"{commands:,.0f}", f"{inserts:,.0f}", f"{commands / inserts:.2f}", "≥ 0.3")
        on.platform.settle()
        on.block()
        publish(on)
        project(on)  # the first block warms caches up
        publisher, produce, projector, insert = batches(on, plain_url)
        table.add_row("publisher, µs a record : plain kafka-python", f"{publisher:.0f}", f"{produce:.0f}", f"{produce / publisher:.2f}", "≥ 0.5")
        table.add_row("projector, µs a record : plain consume, unnest insert", f"{projector:.0f}", f"{insert:.0f}", f"{insert / projector:.2f}", "≥ 0.5")
        status.update("from click to view")
        (folder / "town").mkdir()
        with town(folder / "town") as there:
            StoryClock(there.clock_file).move(world.DAY, 1)
            for organisation in (SOCIAL, EMPLOYMENT, there.home):
                there.serve(organisation)
            for process in there.processes:
                process.wait_until_ready()
            seen = middle(list(clicks(there)))
        trips = middle(list(round_trips(on.kafka.bootstrap_servers)))
        for name, mine, plain in zip(("median", "p99"), seen, trips, strict=True):
            table.add_row(f"acknowledged to seen by another, ms, {name} : plain round trip", f"{mine:.1f}", f"{plain:.1f}", f"{mine / plain:.1f}×", "")
        while (size := on.platform.log.behind({})) < asked.rebuild:
            on.block()
            publish(on)
            status.update(f"growing the log: {size:,} records")
        tenths = list(rebuild(on, asked.rebuild))
        first, last = tenths[1], tenths[-1]
        table.add_row(f"rebuild of {size:,}: µs an event, last tenth : second tenth", f"{last.taken:.0f}", f"{first.taken:.0f}", f"{last.taken / first.taken:.2f}", "flat")
        table.add_row("each tenth, µs an event", " ".join(f"{t.taken:.0f}" for t in tenths), "", "", "")
        table.add_row("its own time, µs an event, last tenth : second tenth", f"{last.own:.0f}", f"{first.own:.0f}", f"{last.own / first.own:.2f}", "flat")
        table.add_row("each tenth, its own time", " ".join(f"{t.own:.0f}" for t in tenths), "", "", "")
        table.add_row("its memory, MiB, last tenth : second tenth", f"{last.memory}", f"{first.memory}", f"{last.memory / first.memory:.2f}", "flat")
    screen.print(table)


if __name__ == "__main__":
    main()
