"""The Kafka and the PostgreSQL that tests talk to: one of each for a whole test run, started when first asked for.

``KAFKA_BOOTSTRAP_SERVERS`` and ``DATABASE_URL`` name given ones, which are used as they are. Otherwise a keeper, a process
of its own, starts ours and holds them for as long as somebody holds the run: ``make test``, or the pytest session (with xdist
its controller). However that one goes, the keeper ends them. They are shared: whoever kills, pauses or restarts a server
starts one of its own (``deploy.kafka.local.cluster``, ``deploy.postgres.local.server``). Nothing is skipped: where no server
can be had, ServerFailed says why.
"""

import json
import os
import secrets
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from kafka import KafkaAdminClient
from kafka.errors import KafkaError
from psycopg import sql

from deploy.kafka.local.cluster import Cluster
from deploy.local.processes import Process, ServerFailed, wait_until
from deploy.postgres.local.server import Server
from tests import run

ROOT = Path(__file__).parents[1]
START_SECONDS = 480.0
"""On a new machine Kafka's jars are fetched first."""


@cache
def kafka() -> str:
    """The bootstrap servers. Raises ServerFailed."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given is None:
        return _own("kafka")
    try:
        KafkaAdminClient(bootstrap_servers=given, bootstrap_timeout_ms=10000).close()
    except KafkaError as why:
        raise ServerFailed(f"KAFKA_BOOTSTRAP_SERVERS is {given}, where no Kafka answers: {why}") from why
    return given


@cache
def postgres() -> str:
    """The URL of a role that may make roles and databases. Raises ServerFailed."""
    given = os.environ.get("DATABASE_URL")
    if given is None:
        return _own("postgres")
    try:
        psycopg.connect(given, connect_timeout=10).close()
    except psycopg.OperationalError as why:
        raise ServerFailed(f"DATABASE_URL is set, and no PostgreSQL lets us in there: {why}") from why
    return given


def fresh_topic(name: str = "test") -> str:
    """A name that no other test has."""
    return f"{name}-{secrets.token_hex(6)}"


@contextmanager
def fresh_database(url: str) -> Iterator[str]:
    """The URL of an empty database, whose owner is a role of its own and into which no other may. Both go at the end."""
    name, password = f"test_{secrets.token_hex(6)}", secrets.token_hex(12)
    role = sql.Identifier(name)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(password)))
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(role))
    parts = urlsplit(url)
    try:
        yield parts._replace(netloc=f"{name}:{password}@{parts.netloc.rpartition('@')[2]}", path=f"/{name}").geturl()
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(role))
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(role))


def _own(what: str) -> str:
    folder = run.folder()
    state = folder / f"{what}.json"
    with run.locked(folder / f"{what}.lock"):
        if not state.exists():
            command = [sys.executable, "-m", run.KEEPER, what, str(folder)]
            # It outlives whoever asked first: another worker may go on with its server.
            keeper = Process(command, folder / f"{what}.log", guarded=False, within=ROOT)
            (folder / f"{what}.keeper").write_text(str(keeper.id), encoding="ascii")
            wait_until(state.exists, f"The keeper of {what}", START_SECONDS, [keeper])
    said = json.loads(state.read_text(encoding="utf-8"))
    if "failed" in said:
        raise ServerFailed(said["failed"])
    return str(said["address"])


def keep(what: str, folder: Path) -> None:
    """Start a server, tell where it is, and end it with SIGTERM: the holder's, or our own when the run is held no more."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    orphaned = threading.Event()

    def watch() -> None:
        run.locked(folder / "held")
        orphaned.set()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
    server: Cluster | Server = Cluster(folder / what) if what == "kafka" else Server()
    try:
        with ExitStack() as life:
            try:
                life.enter_context(server)
                said = {"address": server.bootstrap_servers if isinstance(server, Cluster) else server.url}
            except ServerFailed as why:
                said = {"failed": str(why)}
            new = folder / f"{what}.new"
            new.write_text(json.dumps(said), encoding="utf-8")
            new.rename(folder / f"{what}.json")
            signal.pause()
    finally:
        if orphaned.is_set():  # whoever holds a run removes its folder, if it can
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    keep(sys.argv[1], Path(sys.argv[2]))
