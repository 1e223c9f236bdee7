"""Readers of one group share the partitions: each is read by one of them, and what one leaves another goes on with."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace

import pytest
from kafka import KafkaConsumer

from events.shared_log import LogReader, LogUnavailable, Record
from events.shared_log.kafka import KafkaSettings, KafkaSharedLog
from events.shared_log.kafka import settings as limits
from tests.conformance.log_reader import CLIENTS, beginning
from tests.conformance.shared_log import ROOT, lines_of, record

DYING = """
import time
from events.shared_log.kafka import KafkaSettings, KafkaSharedLog, settings as limits
limits.SESSION_SECONDS = 6.0
reader = KafkaSharedLog({settings!r}).reader({group!r})
while True:
    reader.wait(0.2)
    print(len(reader.partitions()), flush=True)
"""


class View:
    """What several readers make together: the records in the order they came, and how far each partition was read. As in
    a view's database, what was read from another place than the last is not taken."""

    def __init__(self, log: KafkaSharedLog):
        self.log, self.after, self.seen = log, beginning(log), list[Record]()
        self._writing = threading.Lock()

    def read(self, reader: LogReader) -> None:
        reader.wait(0.05)
        after = {p: self.after[p] for p in reader.partitions()}
        for partition, records in reader.next(after, 10).items():
            with self._writing:
                if self.after[partition] == after[partition]:
                    self.seen += [p.record for p in records]
                    self.after[partition] = records[-1].position

    def holds(self, *batches: list[Record]) -> None:
        """Wait until it is all there. Everything once, and each client's in order."""
        expected = [record for batch in batches for record in batch]
        until(lambda: len(self.seen) >= len(expected))
        assert sorted(r.id for r in self.seen) == sorted(r.id for r in expected)
        for client in {r.subject for r in expected}:
            assert [r for r in self.seen if r.subject == client] == [r for r in expected if r.subject == client]

    def append(self) -> list[Record]:
        self.log.append(records := [record(f"{n % CLIENTS:032x}") for n in range(60)])
        return records


class Member:
    """A reader of a group at work, in a thread of its own."""

    def __init__(self, view: View, reader: LogReader):
        self.view, self.reader, self._ends = view, reader, threading.Event()
        self.waits = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        while not self._ends.is_set():
            if self.waits.is_set():
                self._ends.wait(0.05)
            else:
                self.view.read(self.reader)
        self.reader.close()

    @property
    def partitions(self) -> list[str]:
        return list(self.reader.partitions())

    @property
    def joined(self) -> tuple[int, str]:
        """Of which generation of the group it is, and as whom."""
        told = self.reader._consumer.group_metadata()  # type: ignore[attr-defined]
        return told.generation_id, told.member_id

    def end(self) -> None:
        self._ends.set()
        self._thread.join()


def until(told: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not told():
        assert time.monotonic() < end
        time.sleep(0.02)


def shared(*members: Member) -> bool:
    """Has every partition one reader, and every reader some?"""
    parts = [m.partitions for m in members]
    return sorted(p for of in parts for p in of) == sorted(members[0].view.log.partitions()) and all(parts)


@pytest.fixture
def view(kafka_log: KafkaSharedLog) -> View:
    return View(kafka_log)


@pytest.fixture
def group(settings: KafkaSettings) -> str:
    return f"palvelupolku.{settings.topic}"


@pytest.fixture
def opened(view: View, group: str) -> Iterator[Callable[[], Member]]:
    members: list[Member] = []

    def another() -> Member:
        members.append(Member(view, view.log.reader(group)))
        return members[-1]

    yield another
    for member in members:
        member.end()


def test_readers_come_and_go_and_nothing_is_lost_or_doubled(view: View, opened: Callable[[], Member]) -> None:
    first = opened()
    batches = [view.append()]
    view.holds(*batches)
    second, third = opened(), opened()
    batches.append(view.append())
    until(lambda: shared(first, second, third))
    batches.append(view.append())
    view.holds(*batches)
    second.end()
    batches.append(view.append())
    until(lambda: shared(first, third))
    view.holds(*batches)
    first.end()
    batches.append(view.append())
    view.holds(*batches)
    assert third.partitions == list(view.log.partitions())


def test_another_group_is_another_s(view: View, group: str, opened: Callable[[], Member]) -> None:
    mine, other_view = opened(), View(view.log)
    theirs = Member(other_view, view.log.reader(f"{group}.another"))
    batch = view.append()
    view.holds(batch)
    other_view.holds(batch)
    assert mine.partitions == theirs.partitions == list(view.log.partitions())
    theirs.end()


def test_it_begins_where_it_is_told_and_not_where_the_group_was(view: View, opened: Callable[[], Member]) -> None:
    first = opened()
    batches = [view.append()]
    view.holds(*batches)
    first.end()
    view.seen, view.after = [], beginning(view.log)
    opened()
    batches.append(view.append())
    view.holds(*batches)


def test_what_the_dead_had_falls_to_the_living(
    view: View, settings: KafkaSettings, group: str, opened: Callable[[], Member]
) -> None:
    living = opened()
    command = [sys.executable, "-c", DYING.format(settings=settings, group=group)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    dying = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        until(lambda: len(living.partitions) == 3 and lines_of(dying.stdout).readline() == "3\n")
    finally:
        dying.kill()
        dying.communicate()
    view.holds(view.append())
    assert living.partitions == list(view.log.partitions())


def test_who_waits_for_long_stays_in_its_group(
    view: View, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The authority is away: what was given is not done with, for longer than a reader may stand still."""
    monkeypatch.setattr(limits, "STALLED_SECONDS", 1.5)
    monkeypatch.setattr(limits, "SESSION_SECONDS", 6.0)
    view.append()
    with closing(view.log.reader(group)) as reader:
        reader.next({}, 1)
        given = reader.next(beginning(view.log), 1000)
        generation = reader._consumer.group_metadata().generation_id
        for _ in range(10):
            reader.wait(0.5)
            assert reader.next(beginning(view.log), 1000) == given
        assert reader._consumer.group_metadata().generation_id == generation
        assert list(reader.partitions()) == list(view.log.partitions())


def test_who_stands_still_is_left_out_and_comes_back(
    view: View, opened: Callable[[], Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "STALLED_SECONDS", 1.0)
    monkeypatch.setattr(limits, "SESSION_SECONDS", 6.0)
    stalled = opened()
    until(lambda: shared(stalled))
    before = stalled.joined
    stalled.waits.set()
    until(lambda: stalled.joined != before)
    batch = view.append()
    stalled.waits.clear()
    view.holds(batch)


def test_who_waits_for_its_part_in_vain_says_so(
    view: View, settings: KafkaSettings, group: str, opened: Callable[[], Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of two does not hear that the partitions are shared out anew: until it is left out, nobody has any."""
    monkeypatch.setattr(limits, "STALLED_SECONDS", 4.0)
    silent = opened()
    until(lambda: shared(silent))
    silent.waits.set()
    with closing(KafkaSharedLog(replace(settings, timeout=1.0))) as hasty, closing(hasty.reader(group)) as other:
        with pytest.raises(LogUnavailable, match="shared"):
            other.next({}, 10)
        batch = view.append()
        while len(view.seen) < len(batch):
            with suppress(LogUnavailable):
                view.read(other)
    view.holds(batch)


@pytest.mark.parametrize("round", range(4))
def test_a_member_hears_its_part_also_when_the_topic_was_not_known_at_first(settings: KafkaSettings, round: int) -> None:
    """``mended``: the library joins with what it knows of the topic, nothing, and again when it knows more. Of a poll that
    ended meanwhile it heard no more, every second time."""
    group = {"group_id": f"palvelupolku.{settings.topic}", "auto_offset_reset": "earliest"}
    with KafkaConsumer(bootstrap_servers=settings.bootstrap_servers, **group) as consumer:
        consumer.subscribe([settings.topic])
        end = time.monotonic() + 10
        while len(consumer.assignment()) < settings.partitions:
            assert time.monotonic() < end
            consumer.poll(20)
