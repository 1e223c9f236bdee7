"""PostgreSQL as every store here uses it: ``Datastore`` (``events.database.Database``)."""

from events.postgres.datastore import ConnectionLost, Datastore

__all__ = ["ConnectionLost", "Datastore"]
