"""Who is signed in. For now test people, and only in development mode."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from services.kit.client_file import Actor
from services.kit.config import PersonConfig
from services.kit.errors import NotAllowed, NotSignedIn

SCHEME = "Development"


@dataclass(frozen=True)
class Identity:
    """A signed-in person of one organisation. ``client_ref`` is set for a client: they see only themself."""

    person: str
    name: str
    organisation: str
    roles: tuple[str, ...]
    client_ref: str | None = None

    def acting(self, role: str | None) -> Actor:
        """The person in one of their roles; the only one, where it is left out. Raises ``NotAllowed``."""
        if role is None and len(self.roles) == 1:
            role = self.roles[0]
        if role is None:
            raise NotAllowed("say_in_which_role", "role")
        if role not in self.roles:
            raise NotAllowed("not_your_role", "role")
        return Actor(self.person, self.name, role, self.organisation)


class Directory(Protocol):
    """Knows the test people."""

    def identity(self, who: str) -> Identity:
        """Raises ``LookupError`` for anybody it does not know."""

    def workers(self) -> Iterable[PersonConfig]:
        """Everybody who can sign in for an organisation."""


class SignIn(Protocol):
    """Turns an ``Authorization`` header into a signed-in person."""

    def identity(self, authorization: str | None) -> Identity:
        """Raises ``NotSignedIn``."""


class DevelopmentSignIn:
    """``Authorization: Development PERSON``: whoever says so is that person. Exists only in development mode."""

    def __init__(self, people: Directory):
        self._people = people

    def identity(self, authorization: str | None) -> Identity:
        scheme, _, person = (authorization or "").partition(" ")
        try:
            if scheme == SCHEME:
                return self._people.identity(person)
        except LookupError:
            pass
        raise NotSignedIn("not_signed_in")


class NoSignIn:
    """Outside development mode: there is no other sign-in yet, so nobody is ever signed in."""

    def identity(self, authorization: str | None) -> Identity:
        raise NotSignedIn("not_signed_in")
