"""An organisation's own place on either kind of database, for tests that hold on both: a folder, or a PostgreSQL database.

Whoever wants the fixtures takes them in by its ``conftest.py``.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from services.kit.embedded import EmbeddedPlace
from services.kit.migrations import Tables, migrate
from services.kit.places import Place
from services.kit.servers import DatabasePlace, make_keys
from tests.servers import fresh_database, postgres

ORGANISATION = "social"
KINDS = ("sqlite", "postgres")

_TABLES = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_|information_)' AND tablename <> 'alembic_version'"


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """A database with all the tables that an organisation has, the client's own place included."""
    with fresh_database(postgres()) as url:
        for tables in Tables:
            migrate(url, tables)
        yield url


def empty(url: str) -> None:
    """Nothing that an organisation has written is in its database any more. Fails where somebody still works on it."""
    with psycopg.connect(url) as connection:
        empty_by(connection)


def empty_by(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """The same, over a connection that one has to the database."""
    with connection.transaction():
        connection.execute("SET LOCAL lock_timeout = '10s'")
        for schema, table in connection.execute(_TABLES).fetchall():
            connection.execute(SQL("DELETE FROM {}").format(Identifier(schema, table)))


@pytest.fixture
def server_place(database_url: str, tmp_path: Path) -> DatabasePlace:
    """In PostgreSQL, empty."""
    empty(database_url)
    make_keys(tmp_path / "secrets", ORGANISATION, is_home=True)
    return DatabasePlace(ORGANISATION, database_url, tmp_path / "secrets" / ORGANISATION)


@pytest.fixture
def folder_place(tmp_path: Path) -> EmbeddedPlace:
    """In files, new."""
    return EmbeddedPlace(tmp_path / ORGANISATION)


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest) -> Place:
    """Each of them in turn."""
    found: Place = request.getfixturevalue("folder_place" if request.param == "sqlite" else "server_place")
    return found
