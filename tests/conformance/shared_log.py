"""What any shared log must do. A subclass in a ``test_*`` module gives the three fixtures; nothing here knows how it stores.

    log         an empty log
    reopen      a call that opens the same log once more, as a process that starts would; the fixture closes what it opened
    opening     Python lines that open the same log as ``log`` in another process
"""

import hashlib
import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from events.shared_log import Positioned, Record, SharedLog

ROOT = Path(__file__).parents[2]
Reopen = Callable[[], SharedLog]
_numbers = itertools.count(1)

APPENDER = """
import itertools, sys
from tests.conformance.shared_log import record, series
{opening}
name, batches = sys.argv[1], int(sys.argv[2])
for n in range(batches) if batches else itertools.count():
    batch = series(name, range(n * 3, n * 3 + 3))
    log.append(batch)
    print(*(r.id for r in batch), flush=True)
"""


def record(subject: str = "c1" * 16, id: str | None = None, data: bytes = b"sealed", time: int = 1_669_788_000_000_001) -> Record:
    return Record(id or f"{next(_numbers):032x}", subject, time, data)


def series(name: str, numbers: Iterable[int], clients: int = 2) -> list[Record]:
    """Records of one appender, turn by turn of some clients that all appenders share; the data tells whose and which."""
    return [
        record(f"{n % clients:032x}", hashlib.sha256(f"{name}/{n}".encode()).hexdigest()[:32], f"{name} {n}".encode())
        for n in numbers
    ]


def everything(log: SharedLog, limit: int = 100) -> list[Positioned]:
    """All records, partition by partition, each in the order of positions, read ``limit`` at a time."""
    found: list[Positioned] = []
    for partition in log.partitions():
        after = 0
        while some := log.read(partition, after, limit):
            found += some
            after = some[-1].position
    return found


def of_client(log: SharedLog, subject: str) -> list[Record]:
    return [p.record for p in everything(log) if p.record.subject == subject]


def home_of(log: SharedLog, wanted: Record) -> str:
    """The partition that holds the record."""
    (home,) = [p for p in log.partitions() if any(x.record.id == wanted.id for x in log.read(p, 0, 10_000))]
    return home


def in_own_order(records: Iterable[Record], name: str) -> bool:
    """Do the records of one appender stand in the order that it appended them?"""
    numbers = [int(r.data.split()[1]) for r in records if r.data.split()[0] == name.encode()]
    return numbers == sorted(numbers)


def appender(opening: str, name: str, batches: int = 0) -> subprocess.Popen[str]:
    """Another process that appends ``batches`` batches of three (0: until it is ended) and prints acknowledged ids."""
    command = [sys.executable, "-c", APPENDER.format(opening=opening), name, str(batches)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def lines_of(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def assert_all_there(log: SharedLog, names: Iterable[str], each: int) -> None:
    """Every appender's records are on the log once, each client's in the order that the appender had them."""
    records = [p.record for p in everything(log)]
    assert sorted(r.id for r in records) == sorted(r.id for name in names for r in series(name, range(each)))
    for name, client in itertools.product(names, (f"{0:032x}", f"{1:032x}")):
        assert in_own_order([r for r in records if r.subject == client], name)


class SharedLogConformance:
    """The suite."""

    def test_a_new_log_is_empty(self, log: SharedLog) -> None:
        assert list(log.partitions()) and len(set(log.partitions())) == len(log.partitions())
        assert [log.head(p) for p in log.partitions()] == [0] * len(log.partitions())
        assert everything(log) == []
        assert log.missing_copies() == 0

    def test_what_is_appended_is_read_as_it_was(self, log: SharedLog) -> None:
        one = record(data=bytes(range(256)), time=1)
        (position,) = log.append([one])
        assert position > 0
        assert everything(log) == [Positioned(position, one)]

    def test_nothing_to_append_is_nothing(self, log: SharedLog) -> None:
        assert list(log.append([])) == []
        assert everything(log) == []

    def test_positions_grow_and_the_head_is_the_newest(self, log: SharedLog) -> None:
        records = [record() for _ in range(7)]
        positions = [*log.append(records[:1]), *log.append(records[1:5]), *log.append(records[5:])]
        assert positions == sorted(set(positions)) and len(positions) == 7
        home = home_of(log, records[0])
        assert [p.position for p in log.read(home, 0, 100)] == positions
        assert log.head(home) == positions[-1]

    def test_read_begins_after_and_stops_at_the_limit(self, log: SharedLog) -> None:
        records = [record() for _ in range(5)]
        positions = log.append(records)
        home = home_of(log, records[0])
        assert [p.record for p in log.read(home, 0, 2)] == records[:2]
        assert [p.record for p in log.read(home, positions[1], 2)] == records[2:4]
        assert [p.record for p in log.read(home, positions[3], 2)] == records[4:]
        assert list(log.read(home, positions[4], 2)) == []
        assert [p.record for p in log.read(home, positions[2] - 1, 1)] == [records[2]]

    def test_a_client_has_one_partition_and_keeps_its_order(self, log: SharedLog) -> None:
        clients = [f"{n:032x}" for n in range(20)]
        records = [record(client, data=str(turn).encode()) for turn in range(5) for client in clients]
        for start in range(0, len(records), 7):
            log.append(records[start : start + 7])
        for client in clients:
            assert of_client(log, client) == [r for r in records if r.subject == client]
            homes = {p for p in log.partitions() if any(x.record.subject == client for x in log.read(p, 0, 1000))}
            assert len(homes) == 1

    def test_a_log_opened_again_goes_on_where_it_was(self, log: SharedLog, reopen: Reopen) -> None:
        old = [record(), record()]
        before = list(log.append(old))
        again = reopen()
        new = record()
        (after,) = again.append([new])
        assert after > before[1]
        assert [p.record for p in everything(again)] == [p.record for p in everything(log)] == [*old, new]
        assert [again.head(p) for p in again.partitions()] == [log.head(p) for p in log.partitions()]

    def test_a_large_record_comes_through(self, log: SharedLog) -> None:
        large = record(data=os.urandom(256 * 1024))
        log.append([record(), large, record()])
        assert large in [p.record for p in everything(log)]

    # Places

    def test_a_position_tells_its_partition(self, log: SharedLog) -> None:
        records = [record(f"{n:032x}") for n in range(30)]
        positions = log.append(records)
        assert len(set(positions)) == 30
        for one, position in zip(records, positions, strict=True):
            assert log.partition_at(position) == log.partition_of(one.subject)
            assert log.read(log.partition_at(position), position - 1, 1) == [Positioned(position, one)]

    def test_the_first_after_a_position_is_found(self, log: SharedLog) -> None:
        client, other = "c1" * 16, "c2" * 16
        records = [record(client) for _ in range(5)]
        positions = log.append([record(other), *records, record(other)])[1:6]
        for one, position in zip(records, positions, strict=True):
            assert log.first(one.id, client, 0) == position
            assert log.first(one.id, client, position - 1) == position
            assert log.first(one.id, client, position) is None
        assert log.first("f" * 32, client, 0) is None
        assert log.first(records[0].id, "c3" * 16, log.head(log.partition_of("c3" * 16))) is None

    def test_the_first_is_found_among_many(self, log: SharedLog) -> None:
        records = [record() for _ in range(1201)]
        positions = log.append(records)
        assert log.first(records[-1].id, records[0].subject, 0) == positions[-1]
        assert log.first(records[-1].id, records[0].subject, positions[1000]) == positions[-1]

    def test_time_and_trace_come_through(self, log: SharedLog) -> None:
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        times = [0, 1, 999_999, 1_000_000, 1_669_788_000_000_000, 1_669_788_000_000_001, 1_669_788_000_999_999, 4_102_444_800_123_456]
        records = [Record(f"{n:032x}", "c1" * 16, time, b"x", trace if n % 2 else "") for n, time in enumerate(times)]
        log.append(records)
        assert of_client(log, "c1" * 16) == records

    # Several at once

    def test_appenders_at_once_lose_and_double_nothing(self, log: SharedLog) -> None:
        names, failures = ("a", "b", "c"), []

        def append(name: str) -> None:
            try:
                for n in range(12):
                    log.append(series(name, range(n * 4, n * 4 + 4)))
            except Exception as error:
                failures.append(error)

        run_together(lambda name=name: append(name) for name in names)
        assert failures == []
        assert_all_there(log, names, 48)

    def test_another_process_appends_beside(self, log: SharedLog, opening: str) -> None:
        other = appender(opening, "there", 20)
        lines_of(other.stdout).readline()  # it is at work
        for n in range(20):
            log.append(series("here", range(n * 3, n * 3 + 3)))
        other.communicate(timeout=30)
        assert other.returncode == 0
        assert_all_there(log, ["here", "there"], 60)

    def test_a_reader_that_follows_misses_and_repeats_nothing(self, log: SharedLog) -> None:
        done, seen = threading.Event(), list[str]()

        def follow() -> None:
            after = dict.fromkeys(log.partitions(), 0)
            last_round = False
            while not last_round:
                last_round = done.is_set()
                for partition in log.partitions():
                    while some := log.read(partition, after[partition], 7):
                        seen.extend(p.record.id for p in some)
                        after[partition] = some[-1].position

        reader = threading.Thread(target=follow)
        reader.start()
        appending = lambda name: [log.append(series(name, range(n * 2, n * 2 + 2))) for n in range(25)]  # noqa: E731
        run_together(lambda name=name: appending(name) for name in ("a", "b"))
        done.set()
        reader.join()
        assert len(seen) == 100
        assert sorted(seen) == sorted(r.id for name in ("a", "b") for r in series(name, range(50)))

    def test_what_was_acknowledged_survives_the_process(self, log: SharedLog, reopen: Reopen, opening: str) -> None:
        child = appender(opening, "child")
        acknowledged = [id for _ in range(15) for id in lines_of(child.stdout).readline().split()]
        child.send_signal(signal.SIGKILL)
        acknowledged += lines_of(child.stdout).read().split()  # printed, so acknowledged, before the end came
        child.wait()
        lines_of(child.stdout).close()
        records = [p.record for p in everything(reopen())]
        whole = [id for id in acknowledged if len(id) == 32]
        assert len(whole) >= 45
        assert set(whole) <= {r.id for r in records}
        assert in_own_order([r for r in records if r.subject == f"{0:032x}"], "child")
        again = series("child", range(len(records) + 3))
        assert len(set(reopen().append(again))) == len(again)


def run_together(calls: Iterable[Callable[[], object]]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class CopiesAreDropped:
    """For a log that knows a record's id: it holds none twice."""

    def test_an_id_within_one_batch_is_written_once(self, log: SharedLog) -> None:
        one, other = record(), record()
        positions = log.append([one, other, one])
        assert positions[0] == positions[2] != positions[1]
        assert [p.record for p in everything(log)] == [one, other]

    def test_an_id_that_is_on_the_log_gives_the_position_it_has(self, log: SharedLog) -> None:
        old = [record(), record()]
        positions = list(log.append(old))
        again = log.append([record(), old[1], record(), old[0]])
        assert [again[3], again[1]] == positions
        assert len(everything(log)) == 4

    def test_the_first_written_stands(self, log: SharedLog) -> None:
        first = record(data=b"first")
        log.append([first])
        log.append([record(id=first.id, data=b"second")])
        assert [p.record for p in everything(log)] == [first]

    def test_a_log_opened_again_knows_what_it_has(self, log: SharedLog, reopen: Reopen) -> None:
        old = [record(), record()]
        before = list(log.append(old))
        assert list(reopen().append([old[1]])) == before[1:]
        assert [p.record for p in everything(log)] == old

    def test_the_same_records_sent_by_two_at_once_stand_once(self, log: SharedLog) -> None:
        records, positions = series("a", range(60)), dict[int, list[int]]()

        def append(who: int) -> None:
            positions[who] = [p for n in range(0, 60, 5) for p in log.append(records[n : n + 5])]

        run_together([lambda: append(1), lambda: append(2)])
        assert positions[1] == positions[2]
        assert_all_there(log, ["a"], 60)


class CopiesStand:
    """For a log that does not: what is appended again stands there once more, behind. The first is the one that counts."""

    def test_an_id_within_one_batch_stands_twice_and_its_first_is_found(self, log: SharedLog) -> None:
        one, other = record(), record()
        positions = list(log.append([one, other, one]))
        assert positions == sorted(set(positions))
        assert [p.record for p in everything(log)] == [one, other, one]
        assert log.first(one.id, one.subject, 0) == positions[0]
        assert log.first(one.id, one.subject, positions[0]) == positions[2]

    def test_an_append_that_is_repeated_changes_no_first(self, log: SharedLog, reopen: Reopen) -> None:
        old = [record(), record()]
        before = log.append(old)
        again = list(reopen().append([record(), *old, record(id=old[0].id, data=b"another")]))
        assert again == sorted(set(again)) and again[0] > before[-1]
        assert [log.first(r.id, r.subject, 0) for r in old] == before
        assert firsts(log) == [*old, everything(log)[2].record]

    def test_the_same_records_sent_by_two_at_once_keep_their_order(self, log: SharedLog) -> None:
        records = series("a", range(60))

        def append() -> None:
            for n in range(0, 60, 5):
                log.append(records[n : n + 5])

        run_together([append, append])
        assert len(everything(log)) == 120
        assert sorted(r.id for r in firsts(log)) == sorted(r.id for r in records)
        assert in_own_order([r for r in firsts(log) if r.subject == f"{0:032x}"], "a")


def firsts(log: SharedLog) -> list[Record]:
    """Every record where it stands first, partition by partition."""
    found: dict[str, Record] = {}
    for positioned in everything(log):
        found.setdefault(positioned.record.id, positioned.record)
    return list(found.values())
