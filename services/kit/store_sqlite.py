"""An organisation's own store in one SQLite file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eventsourcing.persistence import InfrastructureFactory, StoredEvent
from eventsourcing.sqlite import SQLiteFactory, SQLiteProcessRecorder
from eventsourcing.utils import Environment

from events.sqlite import Datastore
from services.kit.store import KEEP_TRACE, TABLES, ClientFiles, OrganisationStore


class _Recorder(SQLiteProcessRecorder):
    def construct_create_table_statements(self) -> list[str]:
        return [*super().construct_create_table_statements(), *TABLES]

    def _insert_events(self, c: Any, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """With ``trace=``: what they come of, in the same transaction."""
        numbers = super()._insert_events(c, stored_events, **kwargs)
        if trace := kwargs.get("trace"):
            c.executemany(KEEP_TRACE, [(number, trace) for number in numbers or ()])
        return numbers


class _Factory(SQLiteFactory):
    process_recorder_class = _Recorder

    def __init__(self, env: Environment):
        super().__init__(env)
        self.datastore.close()
        self.datastore = Datastore(Path(env["SQLITE_DBNAME"]))


class _Files(ClientFiles):
    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:
        return _Factory(env)


def store_in(path: Path, organisation: str) -> OrganisationStore:
    """The organisation's store in this file, made where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    files = _Files(env={"SQLITE_DBNAME": str(path), "ORIGINATOR_ID_TYPE": "text"})
    return OrganisationStore(organisation, files, files.recorder.datastore)  # type: ignore[attr-defined]
