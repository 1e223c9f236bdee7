"""The tables of an organisation's PostgreSQL database, in versions (Alembic).

Each set has a schema, a folder of versions, and its own record of where it stands. A version is never edited once it has
been released: the next one changes what is there. Views are not here: a view can be made anew from the log, so its
tables stay with its code.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from eventsourcing.persistence import OperationalError

CONNECT_SECONDS = 5
OTHERS_SECONDS = 300
"""How long one waits for another that migrates."""


class Tables(Enum):
    """A set of tables; its value is its folder here. ``schema``: where it is."""

    STORE = "store"
    AUTHORITY = "authority"

    @property
    def schema(self) -> str:
        return "public" if self is Tables.STORE else self.value


def migrate(url: str, tables: Tables = Tables.STORE) -> str:
    """Bring the tables to the newest version, all of it or nothing; several may do so at once. Returns the version."""
    config = _config(tables)
    with _connected(url) as connection, connection.begin():
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{OTHERS_SECONDS}s'")
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtextextended('migrate', 0))")
        connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {tables.schema}")
        connection.exec_driver_sql(f"SET LOCAL search_path = {tables.schema}")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return newest(tables)


def version(url: str, tables: Tables = Tables.STORE) -> str | None:
    """Where the tables stand; None where there are none yet."""
    with _connected(url) as connection:
        context = MigrationContext.configure(connection, opts={"version_table_schema": tables.schema})
        return context.get_current_revision()


def newest(tables: Tables = Tables.STORE) -> str:
    """The version that this program needs."""
    head = ScriptDirectory.from_config(_config(tables)).get_current_head()
    assert head is not None
    return head


def is_current(url: str, tables: Tables = Tables.STORE) -> bool:
    """Is there nothing to migrate?"""
    return version(url, tables) == newest(tables)


def _config(tables: Tables) -> Config:
    here = Path(__file__).parent
    config = Config()
    config.set_main_option("script_location", _plain(here))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", _plain(here / tables.value))
    config.attributes["schema"] = tables.schema
    return config


def _plain(path: Path) -> str:
    return str(path).replace("%", "%%")


@contextmanager
def _connected(url: str) -> Iterator[sqlalchemy.Connection]:
    """Raises the event store library's ``OperationalError`` where the server cannot be reached or refuses."""
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(url, connect_timeout=CONNECT_SECONDS),
        poolclass=sqlalchemy.NullPool,
    )
    try:
        with engine.connect() as connection:
            yield connection
    except (sqlalchemy.exc.DBAPIError, psycopg.Error) as error:
        raise OperationalError(str(getattr(error, "orig", error))) from error
    finally:
        engine.dispose()
