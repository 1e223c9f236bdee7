"""The application of a process that serves one organisation: its own app under its id, health and, at the client's
own place, where other organisations ask for keys and consents."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from json import loads
from pathlib import Path

from fastapi import FastAPI

from events.envelope import REF
from services.kit.config import PersonConfig
from services.kit.identity import DevelopmentSignIn, Identity, NoSignIn, SignIn
from services.kit.node import WEB, Node
from services.kit.web.errors import put_in_plain_words
from services.kit.web.figures import add_figures
from services.kit.web.node_health import add_node_health
from services.kit.web.organisation import organisation_app
from services.kit.web.site import Site
from services.kit.web.traced import NONE_OF_ITS_OWN

CONSOLE = "console"


class NodePeople:
    """The installation's test people and a story's (``services.kit.identity.Directory``); ``console`` has every role of
    the organisation, as whoever reads at the console has."""

    def __init__(self, node: Node, story: Path | None):
        self._node, self._story = node, story
        self._people = {p.id: p for p in node.installation.person}

    def identity(self, who: str) -> Identity:
        config = self._node.organisation.config
        if who == CONSOLE:
            return Identity(CONSOLE, CONSOLE, config.id, config.roles)
        if REF.match(who):
            return self._client(who)
        person = self._people.get(who) or self._of_story(who)
        return Identity(person.id, person.name, person.organisation, person.roles)

    def _client(self, client_ref: str) -> Identity:
        home = self._node.installation.client_organisation
        if self._node.home is not None and not self._node.home.knows(client_ref):
            raise LookupError
        return Identity(f"client:{client_ref}", home.name, home.id, ("client",), client_ref)

    def _of_story(self, who: str) -> PersonConfig:
        people = loads(self._story.read_text()) if self._story is not None and self._story.exists() else {}
        details = people[who]
        return PersonConfig(
            id=who, name=details.get("name", who), organisation=details["organisation"], roles=tuple(details["roles"])
        )

    def workers(self) -> Iterable[PersonConfig]:
        return self._people.values()


def node_app(node: Node, development: bool, people: Path | None = None) -> FastAPI:
    """The app. While it runs, the node's loops do. ``people``: a story's, who can sign in in development mode."""

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        node.start()
        yield
        node.stop()

    app = FastAPI(
        title="Palvelupolku", openapi_url=None, docs_url=None, redoc_url=None, telemetry=NONE_OF_ITS_OWN, lifespan=running
    )
    put_in_plain_words(app)
    add_node_health(app, node)
    add_figures(app)
    if WEB in node.parts:
        sign_in: SignIn = DevelopmentSignIn(NodePeople(node, people)) if development else NoSignIn()
        site = Site(node.organisation, node.desk, sign_in, node.wake.set, node.home)
        app.mount(f"/{node.organisation.id}", organisation_app(site))
        if node.home is not None:
            app.mount(*node.authority_app())
    return app
