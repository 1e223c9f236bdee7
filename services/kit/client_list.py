"""An organisation's own client register as a list.

A name that came by an introduction is another organisation's to tell: it is shown only while its consent holds, and
each look is in the disclosure log (one a client, reader and day)."""

import time
from typing import TYPE_CHECKING, Literal

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

LOST_SECONDS = 3.0
"""So long a list waits in all for what cannot be known now. Then it is told without those names that others tell."""


class ListedClient(msgspec.Struct, frozen=True):
    client_ref: str
    name: str


class ClientList(msgspec.Struct, frozen=True):
    """Of the register, by name. ``incomplete`` is the reason that names which others have told cannot be shown now,
    whoever's they are, or null."""

    clients: tuple[ListedClient, ...]
    incomplete: Literal["consent_state_unknown"] | None = None


def clients(organisation: "Organisation", actor: Actor) -> ClientList:
    """Raises ``NotAllowed`` for a role that sees no names."""
    if sight(actor.role, NAME) is None:
        raise NotAllowed("role_not_allowed", "role")
    listed, known, lost = list[ListedClient](), True, 0.0
    for client_ref, entry in organisation.register.entries():
        if not organisation.register.is_own(client_ref):
            since = time.monotonic()
            if lost > LOST_SECONDS or not organisation.door.at_the_head(client_ref):
                known, lost = False, lost + time.monotonic() - since
                continue
            if not _told(organisation, actor, client_ref):
                continue
        listed.append(ListedClient(client_ref, entry.full_name))
    listed.sort(key=lambda c: (c.name.casefold(), c.client_ref))
    return ClientList(tuple(listed), None if known else "consent_state_unknown")


def clients_named(organisation: "Organisation", actor: Actor, name: str) -> ClientList:
    """Those with ``name`` somewhere in theirs, whatever its letters' case. Raises as ``clients``. Whether it is incomplete
    does not depend on the name."""
    wanted, found = name.casefold(), clients(organisation, actor)
    return ClientList(tuple(c for c in found.clients if wanted in c.name.casefold()), found.incomplete)


def _told(organisation: "Organisation", actor: Actor, client_ref: str) -> bool:
    """Is the name another's to tell, by consent as it is known now? Then the look is written down."""
    projector, today = organisation.projector, organisation.today()
    consent = projector.consent(client_ref)
    held = [r for r in projector.view.held(client_ref) if r.category == IDENTITY and projector.may_hold(consent, r)]
    if not held:
        return False
    shown = {(row.source, row.category) for row in held}
    entry = replaced(path_opened(actor.role, shown, consent, organisation.id, today, today), through="list")
    organisation.write(client_ref, entry, actor, f"listed:{actor.person}:{actor.role}:{today}")
    return True
