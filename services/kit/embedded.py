"""Everything in one data directory (``data_directory``), on SQLite: one process works on it."""

from collections.abc import Iterable
from pathlib import Path

from consent.keys import derive
from events.shared_log.sqlite import SqliteSharedLog
from events.sqlite import Datastore
from projections.held import HeldFacts
from services.kit.data_directory import next_view_path, remove_others, remove_view, secret, use_view, view_path
from services.kit.store import OrganisationStore
from services.kit.store_sqlite import store_in

LOG_FILE = "shared-log.sqlite"


class EmbeddedPlace:
    """See ``services.kit.places.Place``: an organisation's folder."""

    def __init__(self, folder: Path):
        self._folder = folder

    def store(self) -> OrganisationStore:
        return store_in(self._folder / "store.sqlite", self._folder.name)

    def authority(self, tables: Iterable[str]) -> Datastore:
        database = Datastore(self._folder / "authority.sqlite")
        database.create(tables)
        return database

    def view(self) -> HeldFacts:
        """Another process may switch to a rebuilt one, and remove this one, just as it is opened."""
        while True:
            path = view_path(self._folder)
            view = HeldFacts(Datastore(path))
            if view_path(self._folder) == path:
                return view
            view.close()
            remove_view(path)

    def new_view(self) -> HeldFacts:
        return HeldFacts(Datastore(next_view_path(self._folder)))

    def switch(self, view: HeldFacts, rebuilt: HeldFacts) -> None:
        before = view_path(self._folder)
        use_view(self._folder, _path(rebuilt))
        view.become(rebuilt)
        remove_view(before)

    def discard(self, rebuilt: HeldFacts) -> None:
        rebuilt.close()
        remove_view(_path(rebuilt))

    def tidy(self) -> None:
        remove_others(self._folder)

    def signing_key(self) -> bytes:
        return derive(self.secret("store"), "signing")

    def secret(self, name: str) -> bytes:
        return secret(self._folder / f"{name}.key")


class Embedded:
    """See ``services.kit.places.Places``."""

    alone = True

    def __init__(self, data: Path):
        self._data = data

    def log(self) -> SqliteSharedLog:
        return SqliteSharedLog(self._data / LOG_FILE)

    def of(self, organisation: str) -> EmbeddedPlace:
        return EmbeddedPlace(self._data / organisation)


def _path(view: HeldFacts) -> Path:
    assert isinstance(view.database, Datastore)
    return view.database.path
