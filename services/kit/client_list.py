"""An organisation's own client register as a list.

A name that came by an introduction is another organisation's to tell: it is shown only while its consent holds, and
each look is in the disclosure log (one a client, reader and day)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from consent.disclosure import path_opened
from events.identity import CATEGORY as IDENTITY
from events.structs import replaced
from projections.roles import sight
from services.kit.client_file import Actor
from services.kit.errors import NotAllowed

if TYPE_CHECKING:
    from services.kit.organisation import Organisation

NAME = "name"


class ListedClient(msgspec.Struct, frozen=True):
    client_ref: str
    name: str


def clients(organisation: "Organisation", actor: Actor) -> list[ListedClient]:
    """The register, by name. Raises ``NotAllowed`` for a role that sees no names."""
    return sorted(_listed(organisation, actor), key=lambda c: (c.name.casefold(), c.client_ref))


def clients_named(organisation: "Organisation", actor: Actor, name: str) -> list[ListedClient]:
    """Those with ``name`` somewhere in theirs, whatever its letters' case. Raises as ``clients``."""
    wanted = name.casefold()
    return [c for c in clients(organisation, actor) if wanted in c.name.casefold()]


def _listed(organisation: "Organisation", actor: Actor) -> Iterator[ListedClient]:
    if sight(actor.role, NAME) is None:
        raise NotAllowed("role_not_allowed", "role")
    for client_ref, entry in organisation.register.entries():
        if organisation.register.is_own(client_ref) or _told(organisation, actor, client_ref):
            yield ListedClient(client_ref, entry.full_name)


def _told(organisation: "Organisation", actor: Actor, client_ref: str) -> bool:
    if not organisation.door.at_the_head(client_ref):
        return False
    projector, today = organisation.projector, organisation.today()
    consent = projector.consent(client_ref)
    held = [r for r in projector.view.held(client_ref) if r.category == IDENTITY and projector.may_hold(consent, r)]
    if not held:
        return False
    shown = {(row.source, row.category) for row in held}
    entry = replaced(path_opened(actor.role, shown, consent, organisation.id, today, today), through="list")
    organisation.write(client_ref, entry, actor, f"listed:{actor.person}:{actor.role}:{today}")
    return True
