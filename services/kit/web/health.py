"""Is it alive, and is it ready? The answer is the truth, and says nothing of any client."""

import msgspec
from fastapi import FastAPI, Response

from services.kit.bootstrap import Platform
from services.kit.organisation import Organisation
from services.kit.runner import Runner
from services.kit.web.answers import as_json

LAG_SHOWN = 1000
"""Facts waiting to be published are counted up to this."""


class OrganisationHealth(msgspec.Struct, frozen=True):
    """``to_publish`` own facts (at most ``LAG_SHOWN``) and ``to_read`` records of the shared log wait.
    ``dead_letters`` records are set aside, ``reactions_refused`` facts could not be reacted to."""

    to_publish: int
    to_read: int
    dead_letters: int
    reactions_refused: int
    failure: str | None


class Health(msgspec.Struct, frozen=True):
    """Ready while the pump runs and no organisation stands still."""

    ready: bool
    pump_running: bool
    organisations: dict[str, OrganisationHealth]


def health(platform: Platform, runner: Runner) -> Health:
    organisations = {o.id: _of(o, platform, runner.failure.get(o.id)) for o in platform.organisations.values()}
    return Health(runner.running and not runner.failure, runner.running, organisations)


def _of(organisation: Organisation, platform: Platform, failure: str | None) -> OrganisationHealth:
    view = organisation.projector.view
    return OrganisationHealth(
        to_publish=organisation.store.to_publish(LAG_SHOWN),
        to_read=platform.log.behind(view.positions()),
        dead_letters=view.count_set_aside(LAG_SHOWN),
        reactions_refused=len(organisation.store.reactions_refused()),
        failure=failure,
    )


def add_health(app: FastAPI, platform: Platform, runner: Runner) -> None:
    @app.get("/healthz", include_in_schema=False)
    def alive() -> Response:
        return as_json({"alive": True})

    @app.get("/readyz", include_in_schema=False)
    def ready() -> Response:
        found = health(platform, runner)
        return as_json(found, 200 if found.ready else 503)
