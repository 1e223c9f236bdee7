"""What the commands of ``servers`` do; here their libraries are imported."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from eventsourcing.persistence import PersistenceError

from consent.keys import AuthorityUnavailable
from events.shared_log import LogUnavailable
from events.shared_log.kafka.clients import TopicDiffers
from events.shared_log.kafka.topic import allow as allow_account
from events.shared_log.kafka.topic import create_account as create_log_account
from events.shared_log.kafka.topic import create_topic as create_log_topic
from services.cli.environment import given
from services.cli.open import CannotServe
from services.client.authority.silent import tell_silent
from services.kit.clock import Clock, RealClock, StoryClock
from services.kit.config import Installation, load
from services.kit.migrations import Tables, is_current
from services.kit.migrations import migrate as migrate_tables
from services.kit.node import PARTS, Node
from services.kit.organisation_database import create_organisation_database
from services.kit.servers import Servers, make_keys
from services.kit.settings import DatabaseAdministration, DatabaseEnvironment, KafkaEnvironment, Settings
from services.kit.telemetry.gauges import tell_upstreams
from services.kit.telemetry.setup import telling
from services.kit.web.installation import serve as serve_app
from services.kit.web.node import node_app

ADMINISTRATION = "administration"


@contextmanager
def in_servers_words() -> Iterator[None]:
    """What servers refuse, or do not answer, as ``CannotServe``."""
    try:
        yield
    except (psycopg.Error, PersistenceError, LogUnavailable, AuthorityUnavailable, TopicDiffers, ValueError) as error:
        raise CannotServe(str(error).strip() or type(error).__name__) from None


def serve(organisation: str, only: str | None, development: bool, host: str, port: int) -> None:
    settings = given(Settings)
    with telling(settings, organisation, only, port):
        node = node_of(settings, organisation, frozenset((only,)) if only else PARTS, development)
        try:
            tell_upstreams(organisation, node.upstreams)
            if node.home is not None:
                tell_silent(node.home, lambda: node.upstreams.last("silent"))
            serve_app(node_app(node, development, settings.people), host, port)
        finally:
            node.close()


def node_of(settings: Settings, organisation: str, parts: frozenset[str], development: bool = False) -> Node:
    """On tables of this version. Raises ``CannotServe``, ``ConfigurationError`` and ``Unavailable``."""
    installation, url = load(settings.installation), settings.database_url.get_secret_value()
    if not all(is_current(url, tables) for tables in _tables(installation, organisation)):
        raise CannotServe(f"the tables of {organisation} are not this version's: run `palvelupolku migrate {organisation}`")
    places = Servers(settings.kafka(organisation), {organisation: url}, settings.secrets)
    clock = _clock(settings, development)
    return Node(installation, organisation, places, clock, settings.authority_url, parts, settings.trace_on_log)


@contextmanager
def beside(organisation: str) -> Iterator[Node]:
    """A node that does no part of the work, beside those that do; a story's too."""
    node = node_of(given(Settings), organisation, frozenset(), development=True)
    try:
        yield node
    finally:
        node.close()


def _clock(settings: Settings, development: bool) -> Clock:
    if settings.story_clock is None:
        return RealClock()
    if not development:
        raise CannotServe("STORY_CLOCK is for development only: serve with --development")
    return StoryClock(settings.story_clock)


def _tables(installation: Installation, organisation: str) -> list[Tables]:
    is_home = organisation == installation.client_organisation.id
    return [Tables.STORE, Tables.AUTHORITY] if is_home else [Tables.STORE]


def migrate(organisation: str) -> Iterator[tuple[str, str]]:
    """Each set of tables and the version that it stands at now."""
    settings = given(DatabaseEnvironment)
    for tables in _tables(load(settings.installation), organisation):
        yield tables.value, migrate_tables(settings.database_url.get_secret_value(), tables)


def keys(organisation: str, installation: Path, secrets: Path) -> str:
    """The public one, in base64."""
    is_home = load(installation).client_organisation.id == organisation
    return b64encode(make_keys(secrets, organisation, is_home)).decode()


# For whoever administers the servers


def create_topic(replication: int, min_insync: int) -> tuple[str, bool]:
    """The topic, and whether it was made now."""
    settings = given(KafkaEnvironment).kafka(ADMINISTRATION)
    return settings.topic, create_log_topic(settings, replication, min_insync)


def create_account(organisation: str, password: str) -> None:
    settings = given(KafkaEnvironment).kafka(ADMINISTRATION)
    create_log_account(settings, organisation, password)
    allow_account(settings, organisation, f"User:{organisation}")


def allow(organisation: str, principal: str) -> None:
    allow_account(given(KafkaEnvironment).kafka(ADMINISTRATION), organisation, principal)


def create_database(organisation: str, password: str) -> str:
    """The organisation's URL, without the password."""
    admin = given(DatabaseAdministration).admin_database_url.get_secret_value()
    parts = urlsplit(create_organisation_database(admin, organisation, password))
    user, _, place = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user.partition(':')[0]}@{place}").geturl()
