"""Who is signed in. For now test people of the installation, and only in development mode."""

from dataclasses import dataclass

from services.kit.client_file import Actor
from services.kit.config import PersonConfig
from services.kit.errors import NotAllowed

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


class DevelopmentSignIn:
    """Turns ``Authorization: Development PERSON`` into an identity. Exists only in development mode."""

    def __init__(self, people: tuple[PersonConfig, ...]):
        self._people = {p.id: p for p in people}

    def person(self, authorization: str | None) -> PersonConfig:
        """Raises ``NotAllowed`` for anybody who is not a configured test person."""
        scheme, _, person = (authorization or "").partition(" ")
        found = self._people.get(person) if scheme == SCHEME else None
        if found is None:
            raise NotAllowed("not_signed_in")
        return found
