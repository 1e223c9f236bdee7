"""Brokers that die, stand still and come back: nothing hangs, nothing acknowledged is lost, no client's order is broken."""

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from deploy.kafka.local.cluster import Cluster
from events.shared_log import LogReader, LogUnavailable, Positioned, Record
from events.shared_log.kafka import KafkaSettings, KafkaSharedLog
from events.shared_log.kafka.topic import create_topic
from tests.conformance.log_reader import beginning, heads, many, read_on
from tests.conformance.shared_log import everything, firsts, record
from tests.servers import fresh_topic

TIMEOUT = 2.0
CLIENTS = 5


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("one")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("three"), brokers=3) as cluster:
        yield cluster


def log_on(cluster: Cluster) -> KafkaSharedLog:
    """A log of its own: copies everywhere, and all but one must have a record."""
    copies = len(cluster.running())
    settings = KafkaSettings(cluster.bootstrap_servers, topic=fresh_topic("log"), partitions=6, timeout=TIMEOUT)
    create_topic(settings, replication=copies, min_insync=max(copies - 1, 1))
    return KafkaSharedLog(settings)


def copies_missing(log: KafkaSharedLog, count: int) -> bool:
    """Soon."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with suppress(LogUnavailable):
            if log.missing_copies() == count:
                return True
        time.sleep(0.1)
    return False


def stands_still(cluster: Cluster) -> Callable[[], None]:
    cluster.pause(1)
    return lambda: cluster.resume(1)


def is_dead(cluster: Cluster) -> Callable[[], None]:
    cluster.kill(1)
    return lambda: cluster.start_broker(1)


@pytest.mark.parametrize("fails", [stands_still, is_dead])
def test_every_call_ends_in_time_and_works_again_by_itself(
    one: Cluster, fails: Callable[[Cluster], Callable[[], None]]
) -> None:
    with closing(log_on(one)) as log, closing(log.reader()) as alone, closing(log.reader(log.settings.topic)) as grouped:
        log.append(many())
        after, client = heads(log), f"{0:032x}"
        assert alone.next(after, 10) == grouped.next(after, 10) == {}
        calls: tuple[Callable[[], object], ...] = (
            lambda: log.append(many(1)), lambda: log.head("0"), lambda: log.read("0", 0, 10),
            lambda: log.first("f" * 32, client, 0), lambda: alone.next(after, 10), lambda: grouped.next(after, 10),
        )  # fmt: skip
        threads = threading.active_count()
        mended = fails(one)
        try:
            assert_unavailable(*calls)
            assert_unavailable(*calls)
            for reader in (alone, grouped):
                start = time.monotonic()
                reader.wait(0.5)
                assert time.monotonic() - start < TIMEOUT + 1
        finally:
            mended()
        sent = many(1)
        positions = again(lambda: log.append(sent))
        assert {(p.position, p.record.id) for p in everything(log)} >= set(zip(positions, [r.id for r in sent], strict=True))
        for reader in (alone, grouped):
            assert {p.record.id for p in followed(reader, dict(after), len(sent))} >= {r.id for r in sent}
        assert threading.active_count() <= threads


def assert_unavailable(*calls: Callable[[], object]) -> None:
    """All at once: who asks the same client waits for the others too, and not for longer."""

    def refused(call: Callable[[], object]) -> float:
        start = time.monotonic()
        with pytest.raises(LogUnavailable):
            call()
        return time.monotonic() - start

    with ThreadPoolExecutor(len(calls)) as pool:
        assert max(pool.map(refused, calls)) < TIMEOUT + 3


def again(call: Callable[[], Sequence[int]]) -> Sequence[int]:
    """As a publisher does: until it succeeds."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(LogUnavailable):
            return call()
    raise AssertionError("it did not come back")


def followed(reader: LogReader, after: dict[str, int], count: int) -> list[Positioned]:
    """Read on through whatever happens, until so many are there."""
    found: list[Positioned] = []
    end = time.monotonic() + 60
    while len(found) < count:
        assert time.monotonic() < end
        with suppress(LogUnavailable):
            found += read_on(reader, after)
        reader.wait(0.1)
    return found


class Appending:
    """Appends batch after batch, each until it is acknowledged, as a publisher does. Batches of up to 160 KB, so that
    some are on their way whenever something happens."""

    def __init__(self, log: KafkaSharedLog):
        self.log, self.failures = log, 0
        self.acknowledged: list[tuple[Record, int]] = []
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        for turn in itertools.count():
            if self._ends.is_set():
                break
            batch = [
                record(f"{n % CLIENTS:032x}", data=f"{turn} {n} ".encode() + bytes(4_000)) for n in range(1 + turn % 40)
            ]
            positions = None
            while positions is None:
                try:
                    positions = self.log.append(batch)
                except LogUnavailable:
                    self.failures += 1
            self.acknowledged += zip(batch, positions, strict=True)

    def end(self) -> None:
        self._ends.set()
        self._thread.join()

    def assert_kept(self) -> None:
        """Every acknowledged record is where it was said to be; of each client the firsts are in the order of appending."""
        at = {p.position: p.record for p in everything(self.log)}
        assert all(at[position] == sent for sent, position in self.acknowledged)
        stand = firsts(self.log)
        for client in {r.subject for r in stand}:
            sent = [record.id for record, _ in self.acknowledged if record.subject == client]
            assert [r.id for r in stand if r.subject == client] == sent


class Following:
    """Reads everything from the beginning, through whatever happens."""

    def __init__(self, log: KafkaSharedLog):
        self.log, self.found = log, list[Positioned]()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        after = beginning(self.log)
        with closing(self.log.reader()) as reader:
            while not self._ends.is_set() or after != self._heads():
                with suppress(LogUnavailable):
                    self.found += read_on(reader, after)
                reader.wait(0.05)

    def _heads(self) -> dict[str, int] | None:
        with suppress(LogUnavailable):
            return heads(self.log)
        return None

    def end(self) -> None:
        self._ends.set()
        self._thread.join()

    def assert_everything(self) -> None:
        there = everything(self.log)
        for partition in self.log.partitions():
            found, stands = ([p for p in all_of if self.log.partition_at(p.position) == partition] for all_of in (self.found, there))
            assert found == stands


def through(log: KafkaSharedLog, happens: Callable[[], None]) -> int:
    """Append and follow while it happens. Returns how many appends were refused."""
    appending, following = Appending(log), Following(log)
    try:
        happens()
    finally:
        appending.end()
        following.end()
    assert len(appending.acknowledged) > 200
    appending.assert_kept()
    following.assert_everything()
    return appending.failures


def test_a_broker_that_dies_and_stands_still_breaks_nothing(one: Cluster) -> None:
    chance = random.Random(7)

    def happens() -> None:
        for seconds in (0.3, TIMEOUT + 1, 1.5, 0.7):
            time.sleep(chance.uniform(0.5, 1))
            one.pause(1)
            time.sleep(seconds)
            one.resume(1)
        for _ in range(2):
            time.sleep(chance.uniform(1, 2))
            one.kill(1)
            time.sleep(chance.uniform(0, TIMEOUT + 1))
            one.start_broker(1)
        time.sleep(1)

    with closing(log_on(one)) as log:
        assert through(log, happens)


def test_while_two_of_three_live_it_goes_on(three: Cluster) -> None:
    """Each partition's leader dies or stands still in turn; the others take over what was acknowledged."""

    def happens() -> None:
        for broker in (1, 2, 3):
            three.kill(broker)
            assert copies_missing(log, 6)
            three.start_broker(broker)
            assert copies_missing(log, 0)
        three.pause(2)
        assert copies_missing(log, 6), "the others have taken over"
        three.resume(2)
        three.wait_until_in_sync()

    with closing(log_on(three)) as log:
        through(log, happens)


def test_with_one_of_three_nothing_is_acknowledged(three: Cluster) -> None:
    with closing(log_on(three)) as log:
        log.append(many(1))
        three.kill(2)
        three.kill(3)
        try:
            assert_unavailable(lambda: log.append(many(1)))
        finally:
            three.start_broker(2)
            three.start_broker(3)
            three.wait_until_in_sync()
        again(lambda: log.append(many(1)))


def test_a_broker_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    """What starts before Kafka works as soon as Kafka does."""
    with Cluster(tmp_path / "late") as cluster:
        first = log_on(cluster)
        first.close()
        cluster.kill(1)
        with closing(KafkaSharedLog(first.settings)) as log, closing(log.reader()) as reader:
            assert_unavailable(lambda: log.append(many(1)))
            assert_unavailable(lambda: reader.next(beginning(log), 10))
            cluster.start_broker(1)
            again(lambda: log.append(many(1)))
            assert followed(reader, beginning(log), 20)
