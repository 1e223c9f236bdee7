"""The shared log on a Kafka topic: what is appended, and questions about single partitions. ``reader`` follows them all."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from events.shared_log import LogUnavailable, Positioned, Record
from events.shared_log.kafka.binding import decoder, headers, offset_after, partitioner, position_of
from events.shared_log.kafka.clients import Deadline, TopicDiffers, answers, close_consumer, close_producer, opened
from events.shared_log.kafka.reader import KafkaLogReader
from events.shared_log.kafka.settings import BATCH_BYTES, READ_BYTES, STRIDE, KafkaSettings
from events.shared_log.kafka.topic import administration

BESIDE_DATA_BYTES = 512
"""What a message has beside its data and names, generously."""

LOOKED_THROUGH = 500
"""Records that ``first`` holds at a time."""


class KafkaSharedLog:
    """See ``events.shared_log.SharedLog``. A record that is appended again stands there once more, at a later place.

    For threads. Connects when it is first asked; where Kafka has not answered, it connects anew at the next call. Beside
    ``LogUnavailable`` every call may raise ``TopicDiffers`` and, where records that were there are gone, ``LogCut``.
    """

    def __init__(self, settings: KafkaSettings):
        self.settings = settings
        self._names = tuple(str(n) for n in range(settings.partitions))
        self._places = tuple(TopicPartition(settings.topic, n) for n in range(settings.partitions))
        self._partition_of = partitioner(settings.partitions)
        self._decode = decoder(self._partition_of)
        self._appending, self._asking = threading.Lock(), threading.Lock()
        self._producer: Any = None
        self._consumer: Any = None
        self._reads_on: tuple[int, int] | None = None
        self._closed = False

    def partitions(self) -> Sequence[str]:
        return self._names

    def partition_of(self, subject: str) -> str:
        return self._names[self._partition_of(subject)]

    def partition_at(self, position: int) -> str:
        return self._names[position % STRIDE]

    def reader(self, group: str | None = None) -> KafkaLogReader:
        return KafkaLogReader(self.settings, self._decode, self._ends_of, group)

    def close(self) -> None:
        """Whoever waits for an answer gets it first, or the time limit passes."""
        self._closed = True
        with self._appending:
            self._drop_producer()
        with self._asking:
            self._drop_consumer()

    # What is appended

    def append(self, records: Sequence[Record]) -> Sequence[int]:
        """Raises ``ValueError`` for a record that is too large. What is for one partition goes in one piece or, where
        that would be too large, in pieces of which the next is not sent before the one before is acknowledged: so a
        client's records are never on the log without those before them, whatever fails."""
        positions: list[int] = []
        with self._locked(self._appending) as deadline:
            try:
                with answers():
                    for piece in self._pieces(records):
                        positions += self._send(piece, deadline)
            except ValueError:
                raise
            except BaseException:
                self._drop_producer()  # its later attempts, its sequence numbers: a new one knows nothing of them
                raise
        return positions

    def _pieces(self, records: Sequence[Record]) -> Iterator[Sequence[Record]]:
        start, sizes = 0, dict[int, int]()
        for n, record in enumerate(records):
            size = len(record.data) + len(record.subject) + len(record.id) + len(record.trace) + BESIDE_DATA_BYTES
            if size > BATCH_BYTES:
                raise ValueError("the record is larger than the log takes")
            partition = self._partition_of(record.subject)
            together = sizes.get(partition, 0) + size
            if together > BATCH_BYTES:
                yield records[start:n]
                start, together = n, size
                sizes.clear()
            sizes[partition] = together
        if records:
            yield records[start:]

    def _send(self, records: Sequence[Record], deadline: Deadline) -> list[int]:
        producer = self._connected_producer()
        topic, partition_of = self.settings.topic, self._partition_of
        lingers = Deadline(self.settings.linger)
        sent = [
            producer.send(topic, r.data, r.subject.encode(), headers(r), partition_of(r.subject)) for r in records
        ]
        if lingers.passed:  # it may have begun to send by itself, in other pieces than ours
            raise LogUnavailable("this process was held up while it appended")
        producer.flush(deadline.seconds)
        return [_acknowledged(future) for future in sent]

    def _connected_producer(self) -> Any:
        if self._producer is None:
            self._producer = opened(KafkaProducer, **self.settings.producer())
        self._check(self._producer.partitions_for(self.settings.topic))
        return self._producer

    def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            close_producer(producer)

    # Questions

    def head(self, partition: str) -> int:
        place = self._places[int(partition)]
        end = self._ends_of([place])[place]
        return position_of(place.partition, end - 1) if end else 0

    def behind(self, after: Mapping[str, int]) -> int:
        return sum(max(head - after.get(p, 0), 0) // STRIDE for p, head in self.heads().items())

    def heads(self) -> Mapping[str, int]:
        ends = self._ends_of(self._places)
        return {n: position_of(p.partition, ends[p] - 1) if ends[p] else 0 for n, p in zip(self._names, self._places, strict=True)}

    def missing_copies(self) -> int:
        with administration(self.settings) as admin, answers():
            (topic,) = admin.describe_topics([self.settings.topic])
            return sum(len(p["replica_nodes"]) - len(p["isr_nodes"]) for p in topic["partitions"])

    def read(self, partition: str, after: int, limit: int) -> Sequence[Positioned]:
        """Empty also where the log ends before ``after``: who looks for what it read last sees that it is gone."""
        place = self._places[int(partition)]
        with self._asked() as (consumer, deadline):
            start = offset_after(place.partition, after)
            end = min(self._ends(consumer, [place], deadline)[place], start + limit)
            return self._fetched(consumer, place, start, end, deadline) if start < end else []

    def first(self, record_id: str, subject: str, after: int) -> int | None:
        partition = self.partition_of(subject)
        while records := self.read(partition, after, LOOKED_THROUGH):
            found = next((p.position for p in records if p.record.id == record_id), None)
            if found is not None:
                return found
            after = records[-1].position
        return None

    def _fetched(self, consumer: Any, place: TopicPartition, start: int, end: int, deadline: Deadline) -> list[Positioned]:
        """The records from one offset to before another, where the log has them all."""
        if self._reads_on != (place.partition, start):
            consumer.assign([place])
            consumer.seek(place, start)
        records: list[Positioned] = []
        while start < end:
            polled = consumer.poll(deadline.ms, max_records=end - start).get(place, ())
            if not polled and deadline.passed:
                raise LogUnavailable("the shared log does not give what it has")
            if polled:
                records += map(self._decode, polled)
                start = polled[-1].offset + 1
        self._reads_on = (place.partition, start)
        return records

    def _ends_of(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The offset after the newest record of each partition."""
        with self._asked() as (consumer, deadline):
            return self._ends(consumer, places, deadline)

    def _ends(self, consumer: Any, places: Sequence[TopicPartition], deadline: Deadline) -> dict[TopicPartition, int]:
        try:
            ends: dict[TopicPartition, int] = consumer.end_offsets(places, timeout_ms=deadline.ms)
        except KeyError:
            raise LogUnavailable("a partition of the shared log has no leader now") from None
        self._check(consumer.partitions_for_topic(self.settings.topic))
        return ends

    def _check(self, partitions: set[int]) -> None:
        """With another number a client's records would be looked for in another partition than they are in."""
        if len(partitions) != self.settings.partitions:
            raise TopicDiffers(
                f"the topic {self.settings.topic} has {len(partitions)} partitions; it is to have {self.settings.partitions}"
            )

    @contextmanager
    def _asked(self) -> Iterator[tuple[Any, Deadline]]:
        with self._locked(self._asking) as deadline:
            try:
                with answers():
                    if self._consumer is None:
                        # It fetches only what there is, so nothing is to be waited for: the broker would hold up the
                        # connection's next question as long.
                        at_once = {"fetch_max_wait_ms": 1, "max_partition_fetch_bytes": READ_BYTES}
                        self._consumer = opened(KafkaConsumer, **self.settings.consumer() | at_once)
                    yield self._consumer, deadline
            except BaseException:
                self._drop_consumer()
                raise

    def _drop_consumer(self) -> None:
        consumer, self._consumer, self._reads_on = self._consumer, None, None
        if consumer is not None:
            close_consumer(consumer)

    @contextmanager
    def _locked(self, lock: threading.Lock) -> Iterator[Deadline]:
        if not lock.acquire(timeout=self.settings.timeout):
            raise LogUnavailable("the shared log has not answered those who asked before")
        try:
            if self._closed:
                raise LogUnavailable("the shared log is closed")
            yield Deadline(self.settings.timeout)
        finally:
            lock.release()


def _acknowledged(future: Any) -> int:
    """The position that a message was given."""
    if not future.is_done or future.failed():
        kind = type(future.exception).__name__ if future.is_done else "not acknowledged"
        raise LogUnavailable(f"the shared log did not take the records ({kind})")
    told = future.value
    if told.offset < 0:  # it has been taken at some place, which nobody told
        raise LogUnavailable("the shared log took the records and did not tell where")
    return position_of(told.partition, told.offset)
