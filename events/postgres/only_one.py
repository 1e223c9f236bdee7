"""One process at a time, for as long as it lives: a lock of the server's that goes with its connection."""

import psycopg

from events.postgres.datastore import Connection, connected

_TRY = "SELECT pg_try_advisory_lock(hashtextextended(%s, 1))"
_LOOK = "SELECT true"


class OnlyOne:
    """Of all that ask in one database for one name, one has it. For one thread.

    Whoever stands still keeps it, as its connection does. It is a courtesy between processes, so that they do not do
    the same work twice; what must not happen twice has its own guard.
    """

    def __init__(self, url: str, name: str):
        self._url, self._name = url, name
        self._connection: Connection | None = None
        self._mine = False

    def has_it(self) -> bool:
        """Try to have it, or look whether it is still there. False too where the server does not answer."""
        try:
            if self._connection is None:
                self._connection = connected(self._url)
            answer = self._connection.execute(_LOOK if self._mine else _TRY, () if self._mine else (self._name,))
            self._mine = bool(answer.fetchall()[0][0])  # type: ignore[index]
        except psycopg.Error:
            self.let_go()
        return self._mine

    def let_go(self) -> None:
        self._mine = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None
