"""One organisation's process on PostgreSQL and Kafka, and what is prepared before it. Settings come from the environment."""

from base64 import b64encode
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from events.shared_log.kafka.topic import allow as allow_principal
from events.shared_log.kafka.topic import create_topic as create_log_topic
from services.cli import show
from services.cli.open import CannotServe, check_free, stop_in_order
from services.cli.terminal import in_plain_words
from services.kit.clock import Clock, RealClock, StoryClock
from services.kit.config import Installation, load
from services.kit.migrations import Tables, is_current
from services.kit.migrations import migrate as migrate_tables
from services.kit.node import PARTS, Node
from services.kit.servers import Servers, make_keys
from services.kit.settings import Settings
from services.kit.web.installation import serve as serve_app
from services.kit.web.node import node_app

app = typer.Typer()

Organisation = Annotated[str, typer.Argument(metavar="ORGANISATION", help="Its id in the installation.")]


class Part(StrEnum):
    """What of an organisation's work a process does."""

    web = "web"
    publisher = "publisher"
    projector = "projector"


def settings_given() -> Settings:
    """Raises ``CannotServe`` naming each setting that is missing or wrong, never its value."""
    try:
        return Settings()  # type: ignore[call-arg]
    except ValidationError as error:
        found = [f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors(include_input=False)]
        raise CannotServe("; ".join(found)) from None


@app.command()
def serve(
    organisation: Organisation,
    only: Annotated[Part | None, typer.Option(help="Only this part of the work; all of it, if left out.")] = None,
    development: Annotated[bool, typer.Option("--development", help="Let the test people sign in.")] = False,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on; health is told there too.")] = 8400,
) -> None:
    """Serve one organisation from this process, on its own database and the shared log."""
    stop_in_order()
    with in_plain_words():
        check_free(host, port)
        settings = settings_given()
        installation = load(settings.installation)
        _check_migrated(settings, installation, organisation)
        node = node_of(settings, organisation, frozenset((only.value,)) if only else PARTS, development)
        try:
            serve_app(node_app(node, development, settings.people), host, port)
        finally:
            node.close()


def node_of(settings: Settings, organisation: str, parts: frozenset[str], development: bool = False) -> Node:
    """Raises ``CannotServe``, ``ConfigurationError`` and ``Unavailable``."""
    places = Servers(settings.kafka(organisation), {organisation: settings.database_url.get_secret_value()}, settings.secrets)
    clock = _clock(settings, development)
    return Node(load(settings.installation), organisation, places, clock, settings.authority_url, parts)


def _clock(settings: Settings, development: bool) -> Clock:
    if settings.story_clock is None:
        return RealClock()
    if not development:
        raise CannotServe("STORY_CLOCK is for development only: serve with --development")
    return StoryClock(settings.story_clock)


def _tables(installation: Installation, organisation: str) -> list[Tables]:
    is_home = organisation == installation.client_organisation.id
    return [Tables.STORE, Tables.AUTHORITY] if is_home else [Tables.STORE]


def _check_migrated(settings: Settings, installation: Installation, organisation: str) -> None:
    url = settings.database_url.get_secret_value()
    if not all(is_current(url, tables) for tables in _tables(installation, organisation)):
        raise CannotServe(f"the tables of {organisation} are not this version's: run `palvelupolku migrate {organisation}`")


@app.command()
def migrate(organisation: Organisation) -> None:
    """Bring an organisation's database to this version's tables. Nothing of it runs on older tables meanwhile."""
    with in_plain_words():
        settings = settings_given()
        for tables in _tables(load(settings.installation), organisation):
            version = migrate_tables(settings.database_url.get_secret_value(), tables)
            show.screen.print(f"{organisation}: {tables.value} {version}", highlight=False)


@app.command()
def keys(
    organisation: Organisation,
    installation: Annotated[Path, typer.Option(help="The installation (TOML).")],
    secrets: Annotated[Path, typer.Option(help="The folder of secrets.")],
) -> None:
    """Make an organisation's secret keys, those that it has not yet, and print its public key for the installation."""
    with in_plain_words():
        is_home = load(installation).client_organisation.id == organisation
        public = b64encode(make_keys(secrets, organisation, is_home)).decode()
        show.screen.print(f'public_keys = ["{public}"]', highlight=False, markup=False)


@app.command("create-topic")
def create_topic(
    replication: Annotated[int, typer.Option(help="Copies of each record.")] = 3,
    min_insync: Annotated[int, typer.Option(help="Copies that must have it before it is acknowledged.")] = 2,
) -> None:
    """Create the shared log's topic as it must be; one that is there is checked. With an administrator's credentials."""
    with in_plain_words():
        settings = settings_given()
        made = create_log_topic(settings.kafka("administration"), replication, min_insync)
        show.screen.print(f"{settings.kafka_topic}: {'luotu' if made else 'on jo, ja sellainen kuin pitää'}", highlight=False)


@app.command()
def allow(
    organisation: Organisation,
    principal: Annotated[str, typer.Option(help="Its name at Kafka, e.g. `User:orimattila-social`.")],
) -> None:
    """Let an organisation read and write the shared log, and nothing else at Kafka."""
    with in_plain_words():
        allow_principal(settings_given().kafka("administration"), organisation, principal)
