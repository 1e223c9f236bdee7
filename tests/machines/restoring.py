"""A PostgreSQL server that is lost with its disk, and restored to its last commit: a base copy, and the write-ahead log as it was
streamed to another place before any commit was acknowledged (``deploy/docs/runbooks/backup-and-restore.md``)."""

import shutil
import signal
import subprocess
from pathlib import Path
from typing import Self

import psycopg

from deploy.local.processes import Process, wait_until
from deploy.postgres.local.server import Server, binaries, owner
from services.kit.organisation_database import create_organisation_database

PLACE = "elsewhere"
SECONDS = 60.0


class Kept:
    """A server whose commits wait until they are also in ``folder``."""

    def __init__(self, server: Server):
        self.server, self.folder = server, server.folder / PLACE
        self._user, self._base, self._log = owner(), self.folder / "base", self.folder / "log"

    def __enter__(self) -> Self:
        for folder in (self.folder, self._log):
            folder.mkdir()
            shutil.chown(folder, self._user or -1)
        self._receiving = self._receive()
        return self

    def __exit__(self, *_: object) -> None:
        self._receiving.end(signal.SIGTERM, SECONDS)

    def _receive(self) -> Process:
        url = f"{self.server.url}?application_name={PLACE}"
        receive: list[str | Path] = [binaries() / "pg_receivewal", "-d", url, "-D", self._log, "--synchronous", "--no-loop"]
        process = Process(receive, self.folder.parent / "receive.log", user=self._user)
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{PLACE}'")
            connection.execute("SELECT pg_reload_conf()")
            state = "SELECT sync_state FROM pg_stat_replication WHERE application_name = %s"
            wait_until(lambda: connection.execute(state, (PLACE,)).fetchone() == ("sync",), "the copy", SECONDS, [process])
        return process

    def copy(self) -> None:
        """A base copy, while the server goes on."""
        self._as("pg_basebackup", "-d", self.server.url, "-D", str(self._base), "--checkpoint=fast", "--wal-method=none")

    def lose(self) -> None:
        """The server and all that is on its disk."""
        self.server.kill()
        self._receiving.end(signal.SIGTERM, SECONDS)
        shutil.rmtree(self.server.folder / "data")

    def restore(self) -> None:
        """Where it was, to the last commit that anybody was told of."""
        data = self.server.folder / "data"
        self._as("cp", "-a", str(self._base), str(self.folder / "data"))
        (self.folder / "data").rename(data)
        settings = f"restore_command = 'cp {self._log}/%f %p || cp {self._log}/%f.partial %p'\nsynchronous_standby_names = ''"
        self._as("sh", "-c", f'echo "$1" >> {data}/postgresql.auto.conf && touch {data}/recovery.signal', "sh", settings)
        self.server.start()
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            recovering = "SELECT pg_is_in_recovery()"
            wait_until(lambda: connection.execute(recovering).fetchone() == (False,), "the restored server", SECONDS, [])

    def dump(self, database: str) -> Path:
        file = self.folder / f"{database}.before"
        self._as("pg_dump", "-Fc", "-f", str(file), self._url(database))
        return file

    def lose_database(self, database: str) -> None:
        """With its role, which is named as it is."""
        self._do(f'DROP DATABASE "{database}"')
        self._do(f'DROP ROLE "{database}"')

    def from_dump(self, database: str, password: str, file: Path) -> None:
        """As the runbook says. The role, which is not in the dump, comes first, with an empty database in the dump's place."""
        create_organisation_database(self.server.url, database, password)
        self._do(f'DROP DATABASE "{database}"')
        self._as("pg_restore", "--create", "--exit-on-error", "-d", self.server.url, str(file))
        create_organisation_database(self.server.url, database, password)

    def _do(self, statement: str) -> None:
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            connection.execute(statement)

    def _url(self, database: str) -> str:
        return f"{self.server.url.rpartition('/')[0]}/{database}"

    def _as(self, program: str, *words: str) -> None:
        found = binaries() / program
        done = subprocess.run(
            [found if found.exists() else program, *words], user=self._user, group=self._user, extra_groups=[] if self._user else None,
            cwd=self.folder, capture_output=True, text=True, check=False,
        )
        assert done.returncode == 0, done.stderr

