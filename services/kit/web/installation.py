"""The application of a whole installation: every organisation's app under its id, a first page, and health."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from events.envelope import REF
from services.kit.bootstrap import Platform
from services.kit.config import PersonConfig
from services.kit.identity import DevelopmentSignIn, Directory, Identity, NoSignIn, SignIn
from services.kit.runner import Runner
from services.kit.web.errors import put_in_plain_words
from services.kit.web.figures import add_figures
from services.kit.web.guard import HEADERS
from services.kit.web.health import add_health
from services.kit.web.index import POLICY, index_page
from services.kit.web.organisation import organisation_app
from services.kit.web.site import Site
from services.kit.web.traced import NONE_OF_ITS_OWN

FINISH_SECONDS = 10


class InstalledPeople:
    """The installation's test people, and clients by their reference. See ``Directory``."""

    def __init__(self, platform: Platform):
        self._platform = platform
        self._people = {p.id: p for p in platform.installation.person}

    def identity(self, who: str) -> Identity:
        if REF.match(who) and self._platform.desk.knows(who):
            home = self._platform.home
            return Identity(f"client:{who}", home.config.name, home.id, ("client",), who)
        person = self._people[who]
        return Identity(person.id, person.name, person.organisation, person.roles)

    def workers(self) -> Iterable[PersonConfig]:
        return self._people.values()


def platform_app(platform: Platform, development: bool, people: Directory | None = None) -> FastAPI:
    """The app. While it runs, one thread pumps the platform. ``people`` are those of the installation, if left out;
    only in ``development`` can they sign in, and nobody otherwise."""
    people = people or InstalledPeople(platform)
    sign_in: SignIn = DevelopmentSignIn(people) if development else NoSignIn()
    runner = Runner(platform)

    @asynccontextmanager
    async def pumping(_: FastAPI) -> AsyncIterator[None]:
        runner.start()
        yield
        runner.stop()

    app = FastAPI(
        title="Palvelupolku", openapi_url=None, docs_url=None, redoc_url=None, telemetry=NONE_OF_ITS_OWN, lifespan=pumping
    )
    app.state.runner = runner
    put_in_plain_words(app)
    add_health(app, platform, runner)
    add_figures(app)
    _add_first_page(app, platform, people if development else None)
    for organisation in platform.organisations.values():
        own = platform.desk if organisation is platform.home else None
        site = Site(organisation, platform.desk, sign_in, platform.wake.set, own)
        app.mount(f"/{organisation.id}", organisation_app(site))
    return app


def _add_first_page(app: FastAPI, platform: Platform, people: Directory | None) -> None:
    @app.get("/", include_in_schema=False)
    def index() -> HTMLResponse:
        page = index_page(platform, people.workers() if people is not None else ())
        return HTMLResponse(page, headers=HEADERS | {"Content-Security-Policy": POLICY})


def serve(app: FastAPI, host: str, port: int) -> None:
    """Serve until stopped; requests under way have ``FINISH_SECONDS``. The server's own access log is off: it would
    show addresses with clients' references. What else it logs goes where everything does."""
    uvicorn.run(
        app, host=host, port=port, access_log=False, log_config=None, log_level="warning",
        timeout_graceful_shutdown=FINISH_SECONDS,
    )
