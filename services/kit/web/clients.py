"""The organisation's own register. Names and identity codes travel in bodies only, never in an address."""

from typing import Annotated

import msgspec
from fastapi import Depends, FastAPI, Response
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from projections.roles import sight
from services.kit.client_list import NAME, ClientList, clients_named
from services.kit.command import Short
from services.kit.config import CONSENT_CLERK
from services.kit.errors import NotAllowed, TooMany
from services.kit.web.answers import as_json, shown
from services.kit.web.site import Site, Visit

REGISTRATIONS = "120/minute"
"""How often one organisation may ask the authority for a reference (consent.md, "Who and what")."""


class Registered(msgspec.Struct, frozen=True):
    client_ref: str


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class RegisterClient(_Body):
    """Put a client into the register."""

    full_name: Short
    hetu: Annotated[str, StringConstraints(strip_whitespace=True, max_length=11)] = Field(
        description="Personal identity code. It is kept in your register only."
    )
    language: Annotated[str, Field(pattern="^[a-z]{2}$", description="ISO 639-1.")] = "fi"


class FindClients(_Body):
    """Look for clients by name."""

    name: Short


def add_register(app: FastAPI, site: Site) -> None:
    """The register's addresses. The client's own place has none: there everybody sees only themself."""
    limiter, rate = MovingWindowRateLimiter(MemoryStorage()), parse(REGISTRATIONS)
    visit = Depends(site.visit)

    @app.post("/clients", status_code=201, responses={201: shown(Registered, "In the register.")})
    def register_client(body: RegisterClient, by: Visit = visit) -> Response:
        """Put a client into the register. The same reference is answered however often it is asked."""
        if sight(by.actor.role, NAME) is None and by.actor.role != CONSENT_CLERK:
            raise NotAllowed("role_not_allowed", "role")
        if not limiter.hit(rate, site.organisation.id):
            raise TooMany("asked_too_often")
        client_ref = site.organisation.register_client(by.actor, body.full_name, body.hetu, body.language)
        site.wake()
        return as_json(Registered(client_ref), 201)

    @app.get("/clients", responses={200: shown(ClientList, "The register, by name.")})
    def list_clients(by: Visit = visit) -> Response:
        """The clients of the organisation's own register."""
        found = site.organisation.clients(by.actor)
        site.wake()
        return as_json(found)

    @app.post("/clients/search", responses={200: shown(ClientList, "Those of that name.")})
    def find_clients(body: FindClients, by: Visit = visit) -> Response:
        """The register's clients with this in their name."""
        found = clients_named(site.organisation, by.actor, body.name)
        site.wake()
        return as_json(found)
