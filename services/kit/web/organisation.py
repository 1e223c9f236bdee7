"""One organisation's application: its own addresses and its own OpenAPI document, nothing of the others."""

from fastapi import FastAPI

from consent.receipts import Receipt
from projections.service_path.rows import ServicePath
from services.kit.client_list import ClientList
from services.kit.web.answers import Error, Written, describe, shown
from services.kit.web.clients import Registered, add_register
from services.kit.web.commands import Commands, add_commands
from services.kit.web.errors import put_in_plain_words
from services.kit.web.guard import Guard
from services.kit.web.site import Site
from services.kit.web.traced import NONE_OF_ITS_OWN, Traced
from services.kit.web.views import Consents, Disclosures, Me, WithheldFacts, add_clients_own_views, add_views

_EVERYWHERE = (Error, Written, Commands, Me, ServicePath, WithheldFacts)
_AT_WORK = (Registered, ClientList)
_AT_HOME = (Consents, Disclosures, Receipt)


def organisation_app(site: Site) -> FastAPI:
    """The app of one organisation, to be mounted or served by itself."""
    app = FastAPI(
        title=site.organisation.config.name,
        version="1",
        docs_url=None,
        redoc_url=None,
        telemetry=NONE_OF_ITS_OWN,
        responses={"4XX": shown(Error, "Refused."), "5XX": shown(Error, "It cannot be answered now.")},
    )
    app.state.check_signed_in = site.identity
    add_views(app, site)
    if site.own is not None:
        add_clients_own_views(app, site, site.own)
    else:
        add_register(app, site)
    add_commands(app, site)
    describe(app, _EVERYWHERE + (_AT_HOME if site.own is not None else _AT_WORK))
    put_in_plain_words(app)
    app.add_middleware(Guard)
    app.add_middleware(Traced, organisation=site.organisation.id)
    return app
