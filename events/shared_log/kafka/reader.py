"""Reads on, from many partitions at once: alone all of them, in a group those that fall to this one of its readers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.structs import MemberState

from events.shared_log import LogUnavailable, Positioned
from events.shared_log.kafka.binding import offset_after
from events.shared_log.kafka.clients import Deadline, LogCut, answers, close_consumer, opened
from events.shared_log.kafka.settings import KafkaSettings

WAITED_FOR = 500
"""Records that ``wait`` takes in at most."""

LOOK_UP_SECONDS = 0.1
"""How often it looks up from the library's waiting: the partitions may have changed."""


class _Window:
    """What has been read of a partition and is not yet known to be done with: the records after ``start``. ``end`` is
    the position of the last that was read; the consumer reads on from there."""

    __slots__ = ("end", "records", "start")

    def __init__(self, at: int):
        self.start = self.end = at
        self.records: list[Positioned] = []

    def take(self, read: Iterable[Positioned]) -> None:
        self.records += read
        self.end = self.records[-1].position

    def move(self, after: int) -> None:
        """Forget what stands at ``after`` and before."""
        if after == self.end:
            self.records = []
        else:
            self.records = [p for p in self.records if p.position > after]
        self.start = after


class KafkaLogReader(ConsumerRebalanceListener):  # type: ignore[misc]
    """See ``events.shared_log.LogReader``. Connects when it is first used, and anew after it could not read.

    Gives of those partitions only that ``after`` names and that are its own. Records that it has given are given again,
    without being fetched again, until ``after`` has passed them. After ``LogCut`` it raises that only.
    """

    def __init__(
        self, settings: KafkaSettings, decode: Callable[[Any], Positioned],
        ends_of: Callable[[Sequence[TopicPartition]], Mapping[TopicPartition, int]], group: str | None,
    ):  # fmt: skip
        """``ends_of`` asks over another connection: over this one the answer would wait behind the waiting fetch."""
        self._settings, self._decode, self._ends_of, self._group = settings, decode, ends_of, group
        self._places = {str(n): TopicPartition(settings.topic, n) for n in range(settings.partitions)}
        self._consumer: Any = None
        self._mine: set[TopicPartition] = set()
        self._windows: dict[TopicPartition, _Window] = {}
        self._flowing: set[TopicPartition] = set()
        self._cut = self._closed = False

    def partitions(self) -> Sequence[str]:
        if self._group is None:
            return tuple(self._places)
        return tuple(name for name, place in self._places.items() if place in self._mine)

    def next(self, after: Mapping[str, int], limit: int) -> Mapping[str, Sequence[Positioned]]:
        if self._consumer is None and not (self._closed or self._cut):
            self._ends_of([self._places["0"]])  # the topic is what it is to be
        deadline = Deadline(self._settings.timeout)
        found = self._read_already(after, limit)
        if not found:
            self._poll(LOOK_UP_SECONDS if self._more_is_known() else 0, limit, deadline)
            found = self._read_already(after, limit)
        while not found and (self._joining() or self._behind()):
            if deadline.passed:
                self._give_up()
            self._poll(min(deadline.seconds, LOOK_UP_SECONDS), limit, deadline)
            found = self._read_already(after, limit)
        return found

    def wait(self, seconds: float) -> None:
        """Takes in what comes meanwhile. Keeps its place in the group also while what was given is not done with: then
        all of the time passes. Raises nothing where the log does not answer."""
        deadline, mine = Deadline(seconds), set(self._mine)
        if any(self._windows[place].records for place in self._flowing):
            self._let_flow(set())
        slice_seconds = seconds if self._group is None else LOOK_UP_SECONDS
        try:
            while not deadline.passed and mine == self._mine:
                if self._poll(min(deadline.seconds, slice_seconds), WAITED_FOR, deadline):
                    break
        except (LogUnavailable, LogCut):  # whoever reads on is told
            deadline.sit_out()

    def close(self) -> None:
        self._closed = True
        self._drop()

    # Its partitions, as the group's coordinator tells: called within ``poll``, while it waits

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        for place in revoked:
            self._windows.pop(place, None)
        self._mine.difference_update(revoked)
        self._flowing.difference_update(revoked)

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self.on_partitions_revoked(assigned)
        self._mine.update(assigned)
        self._hold(assigned)

    def _hold(self, places: Iterable[TopicPartition]) -> None:
        """Nothing is fetched of them until somebody says from where: the library insists on a place meanwhile."""
        for place in places:
            self._consumer.seek(place, 0)
            self._consumer.pause(place)

    # What has been read

    def _read_already(self, after: Mapping[str, int], limit: int) -> dict[str, Sequence[Positioned]]:
        """Of what came, that after these positions. From now on comes what stands behind it."""
        found: dict[str, Sequence[Positioned]] = {}
        asked = set()
        for name, position in after.items():
            place = self._places[name]
            if place not in self._mine:
                continue
            asked.add(place)
            records = self._window(place, position).records
            if records and limit:
                found[name] = records[:limit]
                limit -= len(found[name])
        self._let_flow(asked)
        return found

    def _window(self, place: TopicPartition, after: int) -> _Window:
        window = self._windows.get(place)
        if window is None or not window.start <= after <= window.end:
            self._consumer.seek(place, offset_after(place.partition, after))
            window = self._windows[place] = _Window(after)
        elif after != window.start:
            window.move(after)
        return window

    def _let_flow(self, places: set[TopicPartition]) -> None:
        """Fetch of these partitions, and of no other."""
        if places != self._flowing:
            self._consumer.pause(*(self._flowing - places))
            self._consumer.resume(*(places - self._flowing))
            self._flowing = places

    # What is to be read

    def _poll(self, seconds: float, limit: int, deadline: Deadline) -> bool:
        """Take in what comes within this time. Did anything?"""
        try:
            with answers():
                polled = self._connected(deadline).poll(int(seconds * 1000), max_records=limit)
        except BaseException as error:
            self._cut = self._cut or isinstance(error, LogCut)
            self._drop()  # after some errors the library's next poll does not return
            raise
        for place, messages in polled.items():
            if place in self._windows:
                self._windows[place].take(map(self._decode, messages))
        return bool(polled)

    def _give_up(self) -> None:
        if self._joining():
            raise LogUnavailable("the readers of the group have not shared the partitions out")
        self._drop()  # the log has something, and this consumer does not get it
        raise LogUnavailable("the shared log does not give what it has")

    def _joining(self) -> bool:
        """Is it still to be told which partitions are its own? Only by polling does it hear it."""
        return self._group is not None and self._consumer.group_metadata().state is not MemberState.STABLE

    def _more_is_known(self) -> bool:
        """Was there more when something was fetched last? Asks nobody."""
        ends = ((self._consumer.highwater(place), place.partition, self._windows[place].end) for place in self._flowing)
        return any(end is not None and end > offset_after(partition, read) for end, partition, read in ends)

    def _behind(self) -> bool:
        """Is there something in these partitions that was not read? Or less than was read: then fetching tells it."""
        ends = self._ends_of(list(self._flowing)) if self._flowing else {}
        other = [p for p, end in ends.items() if end != offset_after(p.partition, self._windows[p].end)]
        with answers():  # behind the last record there may be a transaction's mark, which is no record
            return any(self._consumer.position(p, timeout_ms=0) != ends[p] for p in other)

    # The consumer

    def _connected(self, deadline: Deadline) -> Any:
        if self._cut:
            raise LogCut("the shared log does not hold the place that was read to")
        if self._closed:
            raise LogUnavailable("the reader is closed")
        if self._consumer is None:
            self._connect(deadline.ms)
        return self._consumer

    def _connect(self, timeout_ms: int) -> None:
        settings = self._settings.consumer() | {"bootstrap_timeout_ms": timeout_ms}
        if self._group is None:
            self._consumer = opened(KafkaConsumer, **settings)
            self._consumer.assign(list(self._places.values()))
            self._hold(self._places.values())
            self._mine.update(self._places.values())
        else:
            group = self._settings.group(self._group) | {"partition_assignment_strategy": [RangePartitionAssignor]}
            self._consumer = opened(KafkaConsumer, **settings, **group)
            self._consumer.subscribe([self._settings.topic], listener=self)
            # It joins at once with what it knows of the topic, nothing: all would have to be shared out a second time.
            self._consumer.end_offsets([self._places["0"]], timeout_ms=timeout_ms)

    def _drop(self) -> None:
        consumer, self._consumer = self._consumer, None
        for kept in (self._mine, self._windows, self._flowing):
            kept.clear()
        if consumer is not None:
            close_consumer(consumer)
