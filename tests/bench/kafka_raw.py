"""The log on Kafka beside the library alone: the same bytes, keys and headers, the same broker, in one run.

``python -m tests.bench.kafka_raw`` prints µs a record: elapsed, and of this process's own CPU, which a busy machine does not
move. Needs ``KAFKA_BOOTSTRAP_SERVERS``.
"""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import closing

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from events.shared_log import Record
from events.shared_log.kafka import KafkaSettings, KafkaSharedLog
from events.shared_log.kafka.binding import headers
from events.shared_log.kafka.topic import administration, create_topic
from tests.servers import fresh_topic, kafka

BATCH = 500
CLIENTS = 500
DATA_BYTES = 1068
"""A fact of the smallest size class, sealed."""

Taken = tuple[float, float]
"""Elapsed and CPU seconds."""


def records(count: int) -> list[Record]:
    clients = [os.urandom(16).hex() for _ in range(CLIENTS)]
    data = os.urandom(DATA_BYTES)
    return [Record(f"{n:032x}", clients[n % CLIENTS], 1_669_788_000_000_000 + n // BATCH, data) for n in range(count)]


def timed(work: Callable[[], None]) -> Taken:
    start, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - cpu


def produce_plainly(settings: KafkaSettings, made: Sequence[Record]) -> Taken:
    """The library as it comes, acknowledged by all; waits for the acknowledgements at the end only."""
    messages = [(r.data, r.subject.encode(), headers(r)) for r in made]
    with closing(KafkaProducer(bootstrap_servers=settings.bootstrap_servers, acks="all")) as producer:
        producer.partitions_for(settings.topic)

        def work() -> None:
            for data, key, with_headers in messages:
                producer.send(settings.topic, data, key, with_headers)
            producer.flush()

        return timed(work)


def produce_tuned(settings: KafkaSettings, made: Sequence[Record]) -> Taken:
    """The same with larger batches, a little lingering and no metrics; where each record goes is known already."""
    with closing(KafkaSharedLog(settings)) as log:
        messages = [(r.data, r.subject.encode(), headers(r), int(log.partition_of(r.subject))) for r in made]
    tuned = {"batch_size": 262_144, "linger_ms": 5, "metrics_enabled": False}
    with closing(KafkaProducer(bootstrap_servers=settings.bootstrap_servers, acks="all", **tuned)) as producer:
        producer.partitions_for(settings.topic)

        def work() -> None:
            for data, key, with_headers, partition in messages:
                producer.send(settings.topic, data, key, with_headers, partition)
            producer.flush()

        return timed(work)


def append(settings: KafkaSettings, made: Sequence[Record]) -> Taken:
    with closing(KafkaSharedLog(settings)) as log:
        log.head("0")

        def work() -> None:
            for start in range(0, len(made), BATCH):
                log.append(made[start : start + BATCH])

        return timed(work)


def consume_plainly(settings: KafkaSettings, count: int) -> Taken:
    """Polls as often as the library has something, looks at no record."""
    places = [TopicPartition(settings.topic, n) for n in range(settings.partitions)]
    with closing(KafkaConsumer(bootstrap_servers=settings.bootstrap_servers, enable_auto_commit=False)) as consumer:
        consumer.assign(places)
        for place in places:
            consumer.seek(place, 0)

        def work() -> None:
            left = count
            while left > 0:
                left -= sum(map(len, consumer.poll(1000, max_records=BATCH).values()))

        return timed(work)


def read_on(settings: KafkaSettings, count: int) -> Taken:
    with closing(KafkaSharedLog(settings)) as log, closing(log.reader()) as reader:
        log.head("0")

        def work() -> None:
            left, after = count, dict.fromkeys(log.partitions(), 0)
            while left > 0:
                for partition, found in reader.next(after, BATCH).items():
                    left -= len(found)
                    after[partition] = found[-1].position

        return timed(work)


def main(count: int = 20_000, rounds: int = 5) -> None:
    settings = KafkaSettings(kafka(), topic=fresh_topic("bench"))
    create_topic(settings, replication=1, min_insync=1)
    made = records(count)
    ways: dict[str, Callable[[], Taken]] = {
        "produce, plain": lambda: produce_plainly(settings, made),
        "produce, tuned": lambda: produce_tuned(settings, made),
        "append": lambda: append(settings, made),
        "consume, plain": lambda: consume_plainly(settings, count),
        "reader.next": lambda: read_on(settings, count),
    }
    taken: dict[str, list[Taken]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            taken[name].append(way())
    for name, rounds_taken in taken.items():
        elapsed, cpu = (statistics.median(t) / count * 1e6 for t in zip(*rounds_taken, strict=True))
        print(f"{name:16} {elapsed:6.1f} µs, CPU {cpu:6.1f} µs")
    with administration(settings) as admin:
        admin.delete_topics([settings.topic])


if __name__ == "__main__":
    main()
