"""The event store library's recorder on PostgreSQL, made faster and bounded in time.

What keeps facts in order for whoever follows them is in the database itself: a trigger numbers them in the order in
which they become visible (``services/kit/migrations/store``). Numbers may have gaps: those of what was rolled back.
"""

from collections.abc import Callable, Sequence
from typing import Any

from eventsourcing.persistence import InfrastructureFactory, ProcessRecorder, StoredEvent, Tracking
from eventsourcing.postgres import (
    PostgresApplicationRecorder,
    PostgresFactory,
    PostgresProcessRecorder,
    PostgresTrackingRecorder,
)
from eventsourcing.utils import Environment
from psycopg.sql import SQL

from events.postgres.datastore import ConnectionLost, Datastore

EVENTS = "stored_events"
TRACKING = "tracking"
CHANNEL = EVENTS
"""Notified with each commit (``Listener``); the library's own subscriptions listen to it too."""

_COLUMNS = f"INSERT INTO {EVENTS} (originator_id, originator_version, topic, state)"
_NUMBER = "RETURNING notification_id"
_LISTS = f"{_COLUMNS} SELECT * FROM unnest(%b::text[], %b::bigint[], %b::text[], %b::bytea[])"
_ONE = f"{_COLUMNS} VALUES (?, ?, ?, ?) {_NUMBER}"
_MANY = SQL(f"{_LISTS} {_NUMBER}")
_TRACED = SQL(
    f"WITH facts AS ({_LISTS} {_NUMBER}), traced AS (INSERT INTO fact_traces SELECT notification_id, %s FROM facts) "
    "SELECT notification_id FROM facts ORDER BY 1"
)
_WITH_POSITION = SQL(f"{_LISTS} WHERE (SELECT position_moved(%s, %s)) {_NUMBER}")


def _once_more(method: Any) -> Callable[..., Any]:
    """One of the library's reads, again where the connection broke; the library would try ten times."""
    read = method.__wrapped__

    def reading(*args: Any, **kwargs: Any) -> Any:
        try:
            return read(*args, **kwargs)
        except ConnectionLost:
            return read(*args, **kwargs)

    return reading


class Recorder(PostgresProcessRecorder):
    """Facts in order, and named positions. Its tables are made by migrations, never here. A write is tried once:
    raises the library's ``IntegrityError`` where a version is taken or a position does not grow, then nothing was
    written, and ``ConnectionLost`` where nobody knows."""

    select_events = _once_more(PostgresApplicationRecorder.select_events)
    select_notifications = _once_more(PostgresApplicationRecorder.select_notifications)
    max_notification_id = _once_more(PostgresApplicationRecorder.max_notification_id)
    max_tracking_id = _once_more(PostgresTrackingRecorder.max_tracking_id)

    def __init__(self, datastore: Datastore, *, events_table_name: str = EVENTS, tracking_table_name: str = TRACKING):
        super().__init__(datastore, events_table_name=events_table_name, tracking_table_name=tracking_table_name)
        self._store = datastore

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """One statement and one commit, with ``tracking=`` or ``trace=`` (what the facts come of) too. Returns the
        facts' numbers."""
        tracking: Tracking | None = kwargs.get("tracking")
        trace: str = kwargs.get("trace", "")
        if not stored_events:
            if tracking is not None:
                self.insert_tracking(tracking)
            return []
        rows = [(e.originator_id, e.originator_version, e.topic, e.state) for e in stored_events]
        with self._store.statements() as cursor:
            if tracking is not None:
                place = (tracking.application_name, tracking.notification_id)
                cursor.execute(_WITH_POSITION, [*_lists(rows), *place], prepare=True)
            elif trace:
                cursor.execute(_TRACED, [*_lists(rows), trace], prepare=True)
            elif len(rows) == 1:
                cursor.execute(_ONE, rows[0], prepare=True)
            else:
                cursor.execute(_MANY, _lists(rows), prepare=True)
            return [number for (number,) in cursor]

    def insert_tracking(self, tracking: Tracking) -> None:
        with self._store.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)

    def create_table(self) -> None:
        """Nothing: see the class."""


def _lists(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


class Factory(PostgresFactory):
    """For an ``eventsourcing`` Application on a datastore of ours. Whoever gives the datastore closes it."""

    def __init__(self, env: Environment, datastore: Datastore):
        InfrastructureFactory.__init__(self, env)
        self.datastore = self._store = datastore

    def process_recorder(self) -> ProcessRecorder:
        return Recorder(self._store)

    def close(self) -> None:
        """The datastore goes on."""
