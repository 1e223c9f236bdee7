"""The tables that migrations make are those that the stores speak of; one process at a time makes them."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from eventsourcing.persistence import OperationalError
from eventsourcing.postgres import PostgresDatastore, PostgresProcessRecorder
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from events.postgres import Datastore
from services.client.authority import store as authority
from services.kit import store
from services.kit.migrations import Tables, is_current, migrate, newest, version
from services.kit.organisation_database import create_organisation_database
from tests.servers import fresh_database, postgres

COLUMNS = (
    "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = ? "
    "AND table_name <> 'alembic_version' ORDER BY 1, ordinal_position"
)
INDEXES = (
    "SELECT replace(indexdef, schemaname || '.', '') FROM pg_indexes WHERE schemaname = ? "
    "AND tablename <> 'alembic_version' ORDER BY 1"
)


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_database(postgres()) as url:
        yield url


def test_what_is_there_is_told(url: str) -> None:
    for tables in Tables:
        assert (version(url, tables), is_current(url, tables)) == (None, False)
        assert migrate(url, tables) == version(url, tables) == newest(tables)
        assert is_current(url, tables)
        migrate(url, tables)


def test_several_may_migrate_at_once(url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda tables: migrate(url, tables), [*Tables] * 3)) == {newest(), newest(Tables.AUTHORITY)}


def test_a_migration_that_fails_leaves_nothing(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE register (client_ref text)")
    with pytest.raises(Exception, match="register"):
        migrate(url)
    assert version(url) is None
    with psycopg.connect(url) as connection, pytest.raises(errors.UndefinedTable):
        connection.execute("SELECT * FROM stored_events")


def test_a_server_that_is_not_there_is_an_operational_error() -> None:
    with pytest.raises(OperationalError):
        is_current("postgresql://a:b@127.0.0.1:1/c")


def test_the_tables_are_those_that_the_stores_speak_of(url: str) -> None:
    _library(url, "spoken_of")
    assert _made(url, Tables.STORE) == _spoken_of(url, "spoken_of", store.TABLES)
    assert _made(url, Tables.AUTHORITY) == _spoken_of(url, "of_authority", authority.TABLES)


def _library(url: str, schema: str) -> None:
    """The library's own tables."""
    Datastore(url, schema).create([])
    given = conninfo_to_dict(url)
    where = [str(given[key]) for key in ("dbname", "host", "port", "user", "password")]
    with PostgresDatastore(*where, schema=schema, originator_id_type="text") as datastore:
        PostgresProcessRecorder(datastore, tracking_table_name="tracking").create_table()


def _made(url: str, tables: Tables) -> tuple[list[object], set[object]]:
    migrate(url, tables)
    return _described(Datastore(url, tables.schema))


def _spoken_of(url: str, schema: str, tables: Iterable[str]) -> tuple[list[object], set[object]]:
    datastore = Datastore(url, schema)
    datastore.create(tables)
    return _described(datastore)


def _described(datastore: Datastore) -> tuple[list[object], set[object]]:
    """Columns and indexes, whatever the indexes are called."""
    columns = datastore.rows(COLUMNS, (datastore.schema,))
    indexes = {row[0].split(" ON ")[1] + str("UNIQUE" in row[0]) for row in datastore.rows(INDEXES, (datastore.schema,))}
    datastore.close()
    return columns, indexes


# Its own role and database


@pytest.fixture
def two() -> Iterator[tuple[str, str]]:
    """Two organisations' databases, made by an administrator who is not a superuser."""
    admin = postgres()
    try:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute("CREATE ROLE test_admin LOGIN CREATEDB CREATEROLE PASSWORD 'a'")
        with_less = admin.replace(admin.split("://")[1].split("@")[0], "test_admin:a")
        yield (
            create_organisation_database(with_less, "test-social", "p@ss:/%w ?#"),
            create_organisation_database(with_less, "test-workshop", "other"),
        )
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            for name in ("test-social", "test-workshop"):
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
                connection.execute(f'DROP ROLE IF EXISTS "{name}"')
            connection.execute("DROP ROLE IF EXISTS test_admin")


def test_an_organisation_is_at_home_in_its_own_database_only(two: tuple[str, str]) -> None:
    social, workshop = two
    migrate(social)
    view = Datastore(social, "view_1")
    view.create(["CREATE TABLE IF NOT EXISTS held (n INTEGER)"])
    view.close()
    inside = make_conninfo(workshop, dbname=conninfo_to_dict(social)["dbname"])
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(inside)


def test_a_role_may_do_nothing_outside(two: tuple[str, str]) -> None:
    with psycopg.connect(two[0], autocommit=True) as connection:
        for command in (
            "CREATE ROLE more", "CREATE DATABASE more", "COPY (SELECT 1) TO '/tmp/somewhere'",
            "SELECT rolpassword FROM pg_authid", "SET ROLE \"test-workshop\"", "ALTER SYSTEM SET fsync = off",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(command)


def test_done_again_it_sets_the_password(two: tuple[str, str]) -> None:
    migrate(two[0])
    again = create_organisation_database(postgres(), "test-social", "new")
    assert is_current(again)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(two[0])


@pytest.mark.parametrize("name", ["", "a" * 64, "a\nb"])
def test_not_every_id_can_be_a_name(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        create_organisation_database("postgresql://a:b@127.0.0.1:1/c", name, "p")
