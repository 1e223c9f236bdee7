"""Each organisation in its own PostgreSQL database, with its own role, and Kafka between them.

The view in use is the schema ``view``; a rebuilt one takes its name, so that every process goes on with it at its
next statement.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eventsourcing.persistence import InfrastructureFactory
from eventsourcing.utils import Environment

from events.postgres import Datastore
from events.postgres.only_one import OnlyOne
from events.postgres.recorder import Factory
from events.shared_log.kafka import KafkaSettings, KafkaSharedLog
from projections.held import HeldFacts
from services.kit.data_directory import make_secret, secret_in
from services.kit.errors import Unavailable
from services.kit.migrations import Tables
from services.kit.store import ClientFiles, OrganisationStore

VIEW, NEW, BEFORE = "view", "view_new", "view_before"


class _Files(ClientFiles):
    def __init__(self, database: Datastore):
        self._database = database
        super().__init__(env={"ORIGINATOR_ID_TYPE": "text"})

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:
        return Factory(env, self._database)


class DatabasePlace:
    """See ``services.kit.places.Place``: an organisation's database, and a folder with its secrets."""

    def __init__(self, organisation: str, url: str, secrets: Path):
        self._organisation, self.url, self._secrets = organisation, url, secrets
        self._rebuilding = OnlyOne(url, "rebuild")

    def store(self) -> OrganisationStore:
        database = Datastore(self.url)
        return OrganisationStore(self._organisation, _Files(database), database)

    def authority(self, tables: Iterable[str]) -> Datastore:
        """Migrations have made the tables."""
        return Datastore(self.url, schema=Tables.AUTHORITY.schema)

    def view(self) -> HeldFacts:
        return HeldFacts(Datastore(self.url, schema=VIEW))

    def new_view(self) -> HeldFacts:
        """Raises ``Unavailable``: another process rebuilds it now."""
        if not self._rebuilding.has_it():
            self._rebuilding.let_go()
            raise Unavailable("rebuilt_elsewhere")
        self._drop(NEW, BEFORE)
        return HeldFacts(Datastore(self.url, schema=NEW))

    def switch(self, view: HeldFacts, rebuilt: HeldFacts) -> None:
        rebuilt.close()
        database = Datastore(self.url)
        with database.transaction(commit=True) as cursor:
            cursor.execute(f"ALTER SCHEMA {VIEW} RENAME TO {BEFORE}")
            cursor.execute(f"ALTER SCHEMA {NEW} RENAME TO {VIEW}")
        database.close()
        self._drop(BEFORE)
        self._rebuilding.let_go()

    def discard(self, rebuilt: HeldFacts) -> None:
        rebuilt.close()
        self._drop(NEW)
        self._rebuilding.let_go()

    def tidy(self) -> None:
        """Unless another process rebuilds just now."""
        if self._rebuilding.has_it():
            self._drop(NEW, BEFORE)
        self._rebuilding.let_go()

    def _drop(self, *schemas: str) -> None:
        database = Datastore(self.url)
        with database.transaction(commit=True) as cursor:
            for schema in schemas:
                cursor.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        database.close()

    def signing_key(self) -> bytes:
        """A secret of its own: it can be changed without what is sealed in the register."""
        return self.secret("signing")

    def secret(self, name: str) -> bytes:
        """Never made here: without the one that was made first, what it sealed stays closed (``make_keys``)."""
        return secret_in(self._secrets / f"{name}.key")


def make_keys(secrets: Path, organisation: str, is_home: bool) -> bytes:
    """Make the organisation's secret keys that are not there yet. Returns its public key, for the installation."""
    for name in ("store", "signing", "authority") if is_home else ("store", "signing"):
        make_secret(secrets / organisation / f"{name}.key")
    signing = Ed25519PrivateKey.from_private_bytes(secret_in(secrets / organisation / "signing.key"))
    return signing.public_key().public_bytes_raw()


class Servers:
    """See ``services.kit.places.Places``."""

    alone = False

    def __init__(self, kafka: KafkaSettings, databases: Mapping[str, str], secrets: Path):
        """``databases``: the URL of each organisation's. ``secrets``: a folder with one of each organisation's."""
        self._kafka, self._databases, self._secrets = kafka, databases, secrets

    def log(self) -> KafkaSharedLog:
        return KafkaSharedLog(self._kafka)

    def of(self, organisation: str) -> DatabasePlace:
        return DatabasePlace(organisation, self._databases[organisation], self._secrets / organisation)
