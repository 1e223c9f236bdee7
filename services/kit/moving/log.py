"""The shared log's records from one SQLite file to a Kafka topic, each client's in their order; and where each then stands.

Partitions are filled in the order of the file, so what an attempt that was ended left there is the beginning of each.
At the end everything is read back and compared: whatever stands there otherwise, or twice, ends the move.
"""

from array import array
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from events.shared_log import Positioned
from events.shared_log.kafka import KafkaSettings, KafkaSharedLog
from events.shared_log.sqlite import PARTITION, SqliteSharedLog
from services.kit.embedded import LOG_FILE
from services.kit.moving.progress import CannotMove, Moved

BATCH = 500
COMPARED_AT_ONCE = 20_000
"""So that a piece of every partition is read at once."""
SENT, COMPARED = "log sent", "log compared"


class Positions:
    """Where a record of the file stands on the topic."""

    def __init__(self, records: int):
        self._new = array("q", [0] * (records + 1))
        self.last: dict[str, tuple[int, str]] = {}
        """Of each partition position and id of its last record."""

    def put(self, old: int, new: Positioned, partition: str) -> None:
        self._new[old] = new.position
        self.last[partition] = new.position, new.record.id

    def new(self, old: int) -> int:
        """0 for 0, which is before all. Raises ``CannotMove`` for a position that the file does not have."""
        if not 0 <= old < len(self._new) or (old and not self._new[old]):
            raise CannotMove(f"something stands at position {old}, which the shared log does not have")
        return self._new[old]


def move_log(data: Path, kafka: KafkaSettings) -> Generator[Moved, None, Positions]:
    """Send what is not there yet, then compare all of it. Returns where everything stands. Raises ``CannotMove``."""
    source, new_log = SqliteSharedLog(data / LOG_FILE), KafkaSharedLog(kafka)
    total = source.head(PARTITION)
    at = Positions(total)
    try:
        yield from _send(source, new_log)
        for done, (old, new, partition) in enumerate(_compared(source, new_log), start=1):
            at.put(old, new, partition)
            if done % BATCH == 0 or done == total:
                yield Moved(COMPARED, done, total)
    finally:
        source.close()
        new_log.close()
    return at


def _send(source: SqliteSharedLog, new_log: KafkaSharedLog) -> Iterator[Moved]:
    there = _counts(new_log)
    after, done, total = 0, 0, source.head(PARTITION)
    while records := source.read(PARTITION, after, BATCH):
        new = []
        for positioned in records:
            partition = new_log.partition_of(positioned.record.subject)
            if there[partition]:
                there[partition] -= 1
            else:
                new.append(positioned.record)
        new_log.append(new)
        after, done = records[-1].position, done + len(records)
        yield Moved(SENT, done, total)


def _counts(log: KafkaSharedLog) -> dict[str, int]:
    """How many records each partition holds."""
    heads = log.heads()
    return {p: log.behind({other: heads[other] for other in heads if other != p}) for p in heads}


def _compared(source: SqliteSharedLog, new_log: KafkaSharedLog) -> Iterator[tuple[int, Positioned, str]]:
    """(old position, where it stands now, in which partition) of every record. Raises ``CannotMove``."""
    total, there = source.head(PARTITION), new_log.behind({})
    if there != total:
        raise CannotMove(f"the topic holds {there} records, the file {total}")
    after = dict.fromkeys(new_log.partitions(), 0)
    read = 0
    while records := source.read(PARTITION, read, COMPARED_AT_ONCE):
        read = records[-1].position
        of: dict[str, list[Positioned]] = {}
        for positioned in records:
            of.setdefault(new_log.partition_of(positioned.record.subject), []).append(positioned)
        for partition, olds in of.items():
            for old, new in _alike(olds, new_log, partition, after[partition]):
                after[partition] = new.position
                yield old.position, new, partition


def _alike(
    olds: Sequence[Positioned], new_log: KafkaSharedLog, partition: str, after: int
) -> Iterator[tuple[Positioned, Positioned]]:
    news = new_log.read(partition, after, len(olds)) if olds else ()
    if len(news) != len(olds):
        raise CannotMove(f"partition {partition} does not hold what was moved there")
    for old, new in zip(olds, news, strict=True):
        if old.record != new.record:
            raise CannotMove(f"the record at {new.position} is another than the one at {old.position} of the file")
        yield old, new
