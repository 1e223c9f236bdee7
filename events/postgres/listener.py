"""Who follows the facts is woken when some were committed, by this process or another."""

import threading
from collections.abc import Callable

import psycopg
from psycopg.sql import SQL, Identifier

from events.postgres.datastore import Datastore
from events.postgres.recorder import CHANNEL

LOOK_UP_SECONDS = 0.5
"""How long ``stop`` takes, unless the server is silent just then."""
STOP_SECONDS = 5.0
AGAIN_SECONDS = 1.0
"""Between attempts to connect."""


class Listener:
    """A thread with a connection of its own. A notification may be missed while that is broken, so whoever is woken
    looks by himself now and then too."""

    def __init__(self, datastore: Datastore, wake: Callable[[], object]):
        """``wake`` is called after commits, and after each connecting. It returns at once and never raises."""
        self._conninfo, self._wake = datastore.conninfo, wake
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """A thread that waits for a silent server is left: it does nothing any more."""
        self._stopping.set()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._conninfo, autocommit=True) as connection:
                    self._listen(connection)
            except psycopg.Error:
                self._stopping.wait(AGAIN_SECONDS)

    def _listen(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        connection.execute(SQL("LISTEN {}").format(Identifier(CHANNEL)))
        self._wake()
        while not self._stopping.is_set():
            for _ in connection.notifies(timeout=LOOK_UP_SECONDS, stop_after=1):
                self._wake()
