"""One process at a time, for as long as it lives: a lock of the server's that goes with its connection."""

import psycopg

from events.postgres.datastore import CONNECT_SECONDS, SILENT_SECONDS

_TRY = "SELECT pg_try_advisory_lock(hashtextextended(%s, 1))"
_NETWORK = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": SILENT_SECONDS * 1000,
}


class OnlyOne:
    """Of all that ask in one database for one name, one has it. For one thread.

    Whoever stands still keeps it, as its connection does. It is a courtesy between processes, so that they do not do
    the same work twice; what must not happen twice has its own guard.
    """

    def __init__(self, url: str, name: str):
        self._url, self._name = url, name
        self._connection: psycopg.Connection[tuple[bool]] | None = None

    def has_it(self) -> bool:
        """Try to have it, or look whether it is still there. False too where the server does not answer."""
        try:
            if self._connection is not None:
                self._connection.execute("SELECT 1")
                return True
            self._connection = psycopg.connect(self._url, autocommit=True, **_NETWORK)  # type: ignore[arg-type]
            row = self._connection.execute(_TRY, (self._name,)).fetchone()
            if row is not None and row[0]:
                return True
        except psycopg.Error:
            pass
        self.let_go()
        return False

    def let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
