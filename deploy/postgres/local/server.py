"""A PostgreSQL on 127.0.0.1, from the system's binaries, as a user that is not root: for development and tests.

``python deploy/postgres/local/server.py start --folder F``, then ``status`` or ``stop`` with the same folder.
"""

import argparse
import json
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from deploy.local.processes import Process, ServerFailed, free_ports, guard, wait_until

USER = "postgres"
"""The system's user when we are root, which PostgreSQL refuses to run as; and the database's own superuser."""

START_SECONDS = 60.0
STOP_SECONDS = 20.0
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # one way in, with a password
    "max_connections": "200",
    "shared_buffers": "64MB",
    "log_line_prefix": "%m [%p] %u@%d ",
    "log_error_verbosity": "terse",  # no values of rows in the log
    # Durability is tested and measured here: as they are by default, and so that nobody turns them off.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
}


def binaries() -> Path:
    """The folder of ``initdb`` and ``postgres``: Debian's newest, or what ``pg_config`` or the PATH says. Raises ServerFailed."""
    debian = (p for p in Path("/usr/lib/postgresql").glob("*/bin") if p.parent.name.isdecimal())
    found = sorted(debian, key=lambda p: int(p.parent.name), reverse=True)
    if asked := shutil.which("pg_config"):
        said = subprocess.run([asked, "--bindir"], capture_output=True, text=True, check=False).stdout.strip()
        found.append(Path(said or "."))
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).parent)
    for folder in found:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise ServerFailed(
        "There is no PostgreSQL, which tests and development need: `make needs`, or apt-get install postgresql."
    )


def owner() -> str | None:
    """Whom the server runs as: None for ourselves. Raises ServerFailed."""
    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        return pwd.getpwnam(USER).pw_name
    raise ServerFailed(
        f"PostgreSQL does not run as root, and there is no user {USER}: apt-get install postgresql makes it."
    )


class Server:
    """A server in ``folder``, which keeps its data, port, password and log: one that was stopped starts as it was.

    Without a folder it has one of its own, which ``stop`` removes. Roles sign in over TCP with scram passwords, always.
    ``guarded``: it ends with this process at the latest. Not for threads.
    """

    def __init__(self, folder: str | Path | None = None, *, guarded: bool = True) -> None:
        self._own = folder is None  # in /tmp, which the server's user can reach whatever TMPDIR says
        self._guarded = guarded
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-", dir="/tmp") if folder is None else folder).absolute()
        if self._own and guarded:
            guard.tell("folder", self.folder)
        self._port, self._password = 0, ""
        self._process: Process | None = None
        if self._state.exists():
            state = json.loads(self._state.read_text(encoding="utf-8"))
            self._port, self._password = state["port"], state["password"]
            self._process = Process.found(state["process"], self.log, str(self._data))

    @property
    def url(self) -> str:
        """The superuser's."""
        return f"postgresql://{USER}:{self._password}@127.0.0.1:{self._port}/postgres"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _state(self) -> Path:
        return self.folder / "server.json"

    def start(self) -> None:
        """Returns when it answers. Raises ServerFailed, and then nothing runs."""
        if self.running():
            raise ServerFailed(f"The PostgreSQL in {self.folder} runs already.")
        programs, user = binaries(), owner()
        if not self._state.exists():
            self._found(programs, user)
        settings = [f"--{name}={value}" for name, value in {**SETTINGS, "port": str(self._port)}.items()]
        command: list[str | Path] = [programs / "postgres", "-D", self._data, *settings]
        self._process = Process(command, self.log, user=user, guarded=self._guarded, ending=signal.SIGQUIT)
        self._save()
        try:
            wait_until(self._answers, "PostgreSQL", START_SECONDS, [self._process])
        except BaseException:
            self._process.end(signal.SIGQUIT, 5)
            raise

    def running(self) -> bool:
        return self._process is not None and self._process.alive()

    def kill(self) -> None:
        """SIGKILL for the postmaster and all that it started; returns when they are gone. ``start`` recovers."""
        if self._process is None:
            return
        children = [Process.found(child, self.log, "") for child in self._process.children()]
        self._process.end(signal.SIGKILL, 10)
        for child in filter(None, children):  # they would end by themselves, and hold the start up until they have
            child.end(signal.SIGKILL, 10)

    def restart(self) -> None:
        """As after a crash: nothing is written out, no session is asked. Same port."""
        if self._process is not None:
            self._process.end(signal.SIGQUIT, STOP_SECONDS)
        self.start()

    def pause(self) -> None:
        """SIGSTOP: its connections stay open and nobody answers."""
        self._all(signal.SIGSTOP)

    def resume(self) -> None:
        self._all(signal.SIGCONT)

    def stop(self) -> None:
        """Sessions are broken off, committed work is written out."""
        if self._process is not None:
            self.resume()
            self._process.end(signal.SIGINT, STOP_SECONDS)
            self._process = None
        if self._own:
            shutil.rmtree(self.folder, ignore_errors=True)
            if self._guarded:
                guard.tell("removed", self.folder)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _all(self, what: signal.Signals) -> None:
        """The postmaster first: one that is stopped starts no more children."""
        if self._process is not None:
            self._process.send(what)
            for child in self._process.children():
                with suppress(ProcessLookupError):
                    os.kill(child, what)

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(self.url, connect_timeout=2) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
        return False

    def _save(self) -> None:
        self._state.touch(mode=0o600)
        process = self._process.id if self._process else 0
        state = {"port": self._port, "password": self._password, "process": process}
        self._state.write_text(json.dumps(state), encoding="utf-8")

    def _found(self, programs: Path, user: str | None) -> None:
        """Choose a port and a password and make the data folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._data, ignore_errors=True)  # of a start that ended before it was whole
        self._data.mkdir(mode=0o700)
        (self._port,), self._password = free_ports(1), secrets.token_urlsafe(18)
        word = self.folder / "password"
        word.touch(mode=0o600)
        word.write_text(self._password, encoding="utf-8")
        if user:
            if self._own:
                self.folder.chmod(0o755)
            shutil.chown(self._data, user, user)
            shutil.chown(word, user, user)
            if self._as(user, ["test", "-w", self._data]).returncode != 0:
                word.unlink()
                raise ServerFailed(
                    f"The user {user}, whom PostgreSQL runs as, cannot reach {self.folder}: choose another."
                )
        command: list[str | Path] = [programs / "initdb", "-D", self._data, "-U", USER, f"--pwfile={word}"]
        made = self._as(user, [*command, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
        word.unlink()
        if made.returncode != 0:
            raise ServerFailed("PostgreSQL's data folder cannot be made. initdb said:\n" + made.stdout[-2000:])
        self._save()

    def _as(self, user: str | None, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            cwd=self.folder,
            check=False,
        )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="A local PostgreSQL for development.")
    parser.add_argument("command", choices=["start", "stop", "status"])
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args(arguments)
    server = Server(given.folder, guarded=False)
    try:
        if given.command == "start":
            server.start()
        elif given.command == "stop":
            server.stop()
    except ServerFailed as why:
        print(why, file=sys.stderr)
        return 1
    print(server.url if server.running() else "not running")
    return 0


if __name__ == "__main__":
    sys.exit(main())
