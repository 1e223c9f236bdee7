"""The views that stories and the command line ask for, as plain data."""

from typing import Any

import msgspec

from projections.roles import sight
from services.kit.bootstrap import Platform
from services.kit.client_file import Actor
from services.kit.client_list import NAME
from services.kit.config import CONSENT_CLERK
from services.kit.errors import NotAllowed
from services.kit.organisation import Organisation
from services.scenario.people import People
from services.scenario.story import Expectation

CONSOLE = "console"


def console(organisation: Organisation, role: str | None) -> Actor:
    """Whoever reads at the console of the machine, in a role of the organisation: the only one, if left out.
    Raises ``NotAllowed``."""
    roles = [r for r in organisation.config.roles if r != CONSENT_CLERK]
    if role is None and len(roles) == 1:
        role = roles[0]
    if role not in roles:
        raise NotAllowed("say_in_which_role" if role is None else "role_not_allowed", "role")
    return Actor(CONSOLE, CONSOLE, role, organisation.id)


def organisation_of(platform: Platform, name: str) -> Organisation:
    """Raises ``LookupError`` with the names that there are."""
    try:
        return platform.organisations[name]
    except KeyError:
        raise LookupError(f"no organisation is called {name}; there are: {', '.join(platform.organisations)}") from None


def view(platform: Platform, people: People, asked: Expectation) -> dict[str, Any]:
    """The view that an expectation asks for. Raises ``Refused`` and ``LookupError``."""
    organisation = organisation_of(platform, asked.organisation)
    if asked.view == "clients":
        return clients(organisation, asked.role)
    client_ref = people.client_ref(asked.client or "")
    match asked.view:
        case "withheld":
            return {"rows": withheld(organisation, client_ref)}
        case "disclosures":
            return {"rows": disclosures(platform, client_ref)}
        case "consents":
            return {"rows": consents(platform, client_ref)}
        case _:
            path: dict[str, Any] = as_plain(organisation.path(client_ref, console(organisation, asked.role), asked.on))
            return path


def clients(organisation: Organisation, role: str | None = None) -> dict[str, Any]:
    """The clients of the organisation's own register, as a role sees them; left out, the first that sees names. What
    came by an introduction is disclosed like anything else. Raises ``NotAllowed``."""
    seeing = [role] if role else [r for r in organisation.config.roles if sight(r, NAME) is not None]
    if not seeing:
        return {"rows": [], "incomplete": None}
    found = organisation.clients(console(organisation, seeing[0]))
    return {"rows": [{"client_ref": c.client_ref, "name": c.name} for c in found.clients], "incomplete": found.incomplete}


def withheld(organisation: Organisation, client_ref: str) -> list[dict[str, Any]]:
    """What of the client's file stayed at home, from whom, and why."""
    return [as_plain(row._asdict()) for row in organisation.withheld(client_ref)]


def disclosures(platform: Platform, client_ref: str) -> list[dict[str, Any]]:
    """Who has asked for the client's data, as the client is told."""
    return [as_plain(row) for row in platform.desk.disclosures(client_ref)]


def consents(platform: Platform, client_ref: str) -> list[dict[str, Any]]:
    """The client's grants, and how far withdrawals have come."""
    return [as_plain(row) for row in platform.desk.consents(client_ref)]


def as_plain(value: Any) -> Any:
    """Any view as JSON would have it."""
    return msgspec.json.decode(msgspec.json.encode(value))
