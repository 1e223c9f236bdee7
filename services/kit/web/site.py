"""One organisation's place on the web, and who visits it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Header, Path, Query, Request

from events.consent import PathRefused
from projections.door import Viewer
from services.kit.client_file import Actor
from services.kit.desk import ClientsOwn, Desk
from services.kit.errors import NotAllowed, Unknown
from services.kit.identity import Identity, SignIn
from services.kit.organisation import Organisation
from services.kit.words import language_of

ClientRef = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="The client's reference.")]
Role = Annotated[str | None, Query(description="The role in which you act; may be left out where you have only one.")]
RoleHeader = Annotated[str | None, Header(alias="X-Role", description="The same as `role`, for commands too.")]


@dataclass(frozen=True)
class Visit:
    """A signed-in person, and the role in which they act."""

    identity: Identity
    actor: Actor
    language: str


@dataclass(frozen=True)
class Site:
    """The methods are dependencies of the routes."""

    organisation: Organisation
    desk: Desk
    sign_in: SignIn
    wake: Callable[[], None]
    """Call it when there is something to do: whoever pumps begins at once."""
    own: ClientsOwn | None = None
    """At the client's own place: what only the client sees."""

    def identity(self, request: Request) -> Identity:
        """Raises ``NotSignedIn``, and ``NotAllowed`` for another organisation's person."""
        identity = self.sign_in.identity(request.headers.get("authorization"))
        if identity.organisation != self.organisation.id:
            raise NotAllowed("not_your_organisation")
        return identity

    def visit(self, request: Request, role: Role = None, x_role: RoleHeader = None) -> Visit:
        identity = self.identity(request)
        language = language_of(request.headers.get("accept-language"))
        return Visit(identity, identity.acting(x_role or role), language)

    def of_client(self, request: Request, client_ref: ClientRef, role: Role = None, x_role: RoleHeader = None) -> Visit:
        """A visit that concerns one client. At the client's own place that can only be the client themself; anybody
        else is answered as if there were no such client. Raises ``Unknown``."""
        visit = self.visit(request, role, x_role)
        if self.own is not None and visit.identity.client_ref != client_ref:
            self._tell_of_attempt(self.own, client_ref, visit.actor)
            raise Unknown("not_a_client_here")
        return visit

    def _tell_of_attempt(self, own: ClientsOwn, client_ref: str, actor: Actor) -> None:
        if own.knows(client_ref):
            viewer = Viewer(actor.person, actor.name, actor.role, actor.organisation)
            refused = PathRefused(viewer_role=actor.role, reason="not_a_client_here")
            self.organisation.disclose(client_ref, refused, viewer)
            self.wake()
