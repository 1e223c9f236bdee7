"""The views: the path through its door, what stayed at home and, at the client's own place, what the client is told."""

from datetime import date
from typing import Annotated, Literal

import msgspec
from fastapi import Depends, FastAPI, Path, Query, Response

from consent.disclosed import DisclosureRow
from consent.overview import ConsentView
from consent.receipts import Receipt
from consent.withheld import Withheld
from projections.roles import sight
from projections.service_path.rows import ServicePath
from services.kit.desk import ClientsOwn
from services.kit.errors import Unknown
from services.kit.web.answers import as_json, shown
from services.kit.web.site import ClientRef, Site, Visit

Language = Annotated[Literal["fi", "sv", "en"] | None, Query(description="Of the path's words.")]
Day = Annotated[date | None, Query(description="A past day: what was visible then and may still be seen.")]
GrantRef = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


class Me(msgspec.Struct, frozen=True):
    """Who is signed in. ``client_ref`` is a client's own reference."""

    person: str
    name: str
    organisation: str
    roles: tuple[str, ...]
    client_ref: str | None


class WithheldFact(msgspec.Struct, frozen=True):
    """A fact of one's own that ``recipient`` may not have now, and why."""

    fact_id: str
    occurred_on: date
    name: str
    category: str
    recipient: str
    reason: str


class WithheldFacts(msgspec.Struct, frozen=True):
    withheld: tuple[WithheldFact, ...]


class Consents(msgspec.Struct, frozen=True):
    consents: tuple[ConsentView, ...]


class Disclosures(msgspec.Struct, frozen=True):
    disclosures: tuple[DisclosureRow, ...]


def add_views(app: FastAPI, site: Site) -> None:
    of_client, visit = Depends(site.of_client), Depends(site.visit)

    @app.get("/me", responses={200: shown(Me, "You.")})
    def who_am_i(by: Visit = visit) -> Response:
        """Who is signed in."""
        who = by.identity
        return as_json(Me(who.person, who.name, who.organisation, who.roles, who.client_ref))

    @app.get("/clients/{client_ref}/path", responses={200: shown(ServicePath, "As you may see it.")})
    def see_path(client_ref: ClientRef, by: Visit = of_client, on: Day = None, lang: Language = None) -> Response:
        """The client's path, as you may see it in this role. The look is in the disclosure log first."""
        try:
            return as_json(site.organisation.path(client_ref, by.actor, on, lang or by.language))
        finally:
            site.wake()

    @app.get("/clients/{client_ref}/withheld", responses={200: shown(WithheldFacts, "What of it your role sees.")})
    def see_withheld(client_ref: ClientRef, by: Visit = of_client) -> Response:
        """What of the client's file stayed at home, from whom, and why."""
        if not site.organisation.is_client_here(client_ref):
            raise Unknown("not_a_client_here")
        rows = (w for w in site.organisation.withheld(client_ref) if sight(by.actor.role, w.category) is not None)
        return as_json(WithheldFacts(tuple(map(_withheld, rows))))


def _withheld(row: Withheld) -> WithheldFact:
    return WithheldFact(row.fact_id, row.occurred_on, row.name, row.category, row.recipient, row.reason)


def add_clients_own_views(app: FastAPI, site: Site, own: ClientsOwn) -> None:
    """What only the client sees, at their own place."""
    of_client = Depends(site.of_client)

    @app.get("/clients/{client_ref}/consents", responses={200: shown(Consents, "In the order they were recorded.")})
    def see_consents(client_ref: ClientRef, by: Visit = of_client) -> Response:
        """Your consents and refusals, and who has removed what you took back."""
        return as_json(Consents(tuple(own.consents(client_ref))))

    @app.get("/clients/{client_ref}/disclosures", responses={200: shown(Disclosures, "In order of time.")})
    def see_disclosures(client_ref: ClientRef, by: Visit = of_client) -> Response:
        """Who has asked for your data: when, what, and on which ground."""
        return as_json(Disclosures(tuple(own.disclosures(client_ref))))

    @app.get("/clients/{client_ref}/receipts/{grant}", responses={200: shown(Receipt, "As in ISO/IEC TS 27560.")})
    def see_receipt(client_ref: ClientRef, grant: GrantRef, by: Visit = of_client) -> Response:
        """The receipt of a consent that you gave."""
        return as_json(own.receipt(client_ref, grant))
