"""What any shared log's reader must do. A subclass in a ``test_*`` module gives the fixture ``log``: an empty log."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from events.shared_log import LogReader, Positioned, Record, SharedLog
from tests.conformance.shared_log import everything, in_own_order, record, run_together, series

CLIENTS = 20


def beginning(log: SharedLog) -> dict[str, int]:
    return dict.fromkeys(log.partitions(), 0)


def heads(log: SharedLog) -> dict[str, int]:
    return {p: log.head(p) for p in log.partitions()}


def many(turns: int = 5) -> list[Record]:
    """Records of clients that are in all partitions."""
    return [record(f"{n:032x}", data=str(turn).encode()) for turn in range(turns) for n in range(CLIENTS)]


def read_on(reader: LogReader, after: dict[str, int], limit: int = 100) -> Iterator[Positioned]:
    """All that is there, partition by partition as it comes; ``after`` moves with it."""
    while found := reader.next(after, limit):
        for partition, records in found.items():
            yield from records
            after[partition] = records[-1].position


def by_position(records: list[Positioned]) -> list[Positioned]:
    return sorted(records, key=lambda p: p.position)


class LogReaderConformance:
    """The suite."""

    @pytest.fixture
    def reader(self, log: SharedLog) -> Iterator[LogReader]:
        with closing(log.reader()) as reader:
            yield reader

    def test_alone_it_has_all_partitions(self, log: SharedLog, reader: LogReader) -> None:
        assert list(reader.partitions()) == list(log.partitions())

    def test_of_an_empty_log_it_gives_nothing(self, log: SharedLog, reader: LogReader) -> None:
        assert reader.next(beginning(log), 10) == {}

    @pytest.mark.parametrize("limit", [1, 3, 1000])
    def test_it_gives_everything_once_and_in_order(self, log: SharedLog, reader: LogReader, limit: int) -> None:
        log.append(many())
        found = list(read_on(reader, beginning(log), limit))
        assert by_position(found) == by_position(everything(log))
        for partition in log.partitions():
            positions = [p.position for p in found if log.partition_at(p.position) == partition]
            assert positions == sorted(set(positions))

    def test_records_are_under_their_partition_and_at_most_as_many_as_asked(self, log: SharedLog, reader: LogReader) -> None:
        log.append(many())
        found = reader.next(beginning(log), 7)
        assert 0 < sum(map(len, found.values())) <= 7
        for partition, records in found.items():
            assert records == log.read(partition, 0, len(records))
            assert {log.partition_of(p.record.subject) for p in records} == {partition}

    def test_it_begins_after_the_positions_that_it_is_told(self, log: SharedLog, reader: LogReader) -> None:
        log.append(many())
        after = heads(log)
        assert reader.next(after, 10) == {}
        log.append(later := [record(f"{n:032x}") for n in range(CLIENTS)])
        assert sorted(p.record.id for p in read_on(reader, after)) == sorted(r.id for r in later)

    def test_it_gives_again_what_was_not_done_with(self, log: SharedLog, reader: LogReader) -> None:
        log.append(many())
        first = reader.next(beginning(log), 10)
        assert reader.next(beginning(log), 10) == first
        assert len(list(read_on(reader, beginning(log)))) == 5 * CLIENTS

    def test_it_goes_where_it_is_sent(self, log: SharedLog, reader: LogReader) -> None:
        """Back to the beginning, to the end, and to places between, whatever it has read ahead."""
        positions = sorted(log.append(many()))
        all_of_it = by_position(everything(log))
        assert len(list(read_on(reader, beginning(log), 9))) == 5 * CLIENTS
        for cut in (0, 5 * CLIENTS, 10, 50, 49, 99, 3):
            reached = {p: max([x for x in positions[:cut] if log.partition_at(x) == p], default=0) for p in log.partitions()}
            expected = [p for p in all_of_it if p.position > reached[log.partition_at(p.position)]]
            reader.next(reached, 5)
            assert by_position(list(read_on(reader, reached, 8))) == expected

    def test_a_place_between_two_positions_will_do(self, log: SharedLog, reader: LogReader) -> None:
        positions = log.append([record() for _ in range(4)])
        home = log.partition_at(positions[0])
        for position in positions:
            (found,) = reader.next(beginning(log) | {home: position - 1}, 1)[home]
            assert found.position == position

    def test_only_of_partitions_that_are_named(self, log: SharedLog, reader: LogReader) -> None:
        log.append(many())
        for partition in log.partitions():
            found = list(read_on(reader, {partition: 0}, 7))
            assert found == log.read(partition, 0, 1000)

    def test_it_never_says_that_there_is_nothing_when_there_is(self, log: SharedLog, reader: LogReader) -> None:
        """Whatever was acknowledged before it was asked is there."""
        after = beginning(log)
        for n in range(60):
            batch = [record(f"{m % CLIENTS:032x}") for m in range(n, n + 1 + n % 3)]
            log.append(batch)
            if n % 4 == 3:
                reader.wait(0.001)
            assert {p.record.id for p in read_on(reader, after, 2)} == {r.id for r in batch}

    def test_it_waits_until_something_comes(self, log: SharedLog, reader: LogReader) -> None:
        after = heads(log)
        assert reader.next(after, 10) == {}
        threading.Timer(0.2, log.append, [[one := record()]]).start()
        start = time.monotonic()
        reader.wait(20)
        assert time.monotonic() - start < 5
        assert [p.record for p in read_on(reader, after)] == [one]

    def test_it_waits_no_longer_than_it_is_told(self, log: SharedLog, reader: LogReader) -> None:
        log.append(many())
        after = beginning(log)
        for _ in range(2):
            start = time.monotonic()
            reader.wait(0.3)
            assert 0.25 < time.monotonic() - start < 3
            list(read_on(reader, after))

    def test_while_what_was_given_is_not_done_with_it_does_not_spin(self, log: SharedLog, reader: LogReader) -> None:
        """Whoever cannot go on, because the authority is away, waits and asks for the same again."""
        log.append(many())
        given = reader.next(beginning(log), 10)
        start = time.monotonic()
        reader.wait(0.4)
        assert time.monotonic() - start > 0.3
        assert reader.next(beginning(log), 10) == given

    def test_following_it_misses_and_repeats_nothing(self, log: SharedLog, reader: LogReader) -> None:
        done, seen = threading.Event(), list[Record]()

        def follow() -> None:
            after, last_round = beginning(log), False
            while not last_round:
                last_round = done.is_set()
                seen.extend(p.record for p in read_on(reader, after, 7))
                reader.wait(0.01)

        thread = threading.Thread(target=follow)
        thread.start()
        appending = lambda name: [log.append(series(name, range(n * 3, n * 3 + 3), CLIENTS)) for n in range(20)]  # noqa: E731
        run_together(lambda name=name: appending(name) for name in ("a", "b"))
        done.set()
        thread.join()
        assert sorted(r.id for r in seen) == sorted(r.id for name in ("a", "b") for r in series(name, range(60), CLIENTS))
        for client in range(CLIENTS):
            assert in_own_order([r for r in seen if r.subject == f"{client:032x}"], "a")

    def test_readers_know_nothing_of_each_other(self, log: SharedLog) -> None:
        log.append(many())
        with closing(log.reader()) as one, closing(log.reader()) as other:
            assert len(list(read_on(one, beginning(log)))) == 5 * CLIENTS
            assert len(list(read_on(other, beginning(log)))) == 5 * CLIENTS
