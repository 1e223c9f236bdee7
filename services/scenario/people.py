"""The people of a story and of its installation, and who its clients are."""

import json
from functools import cache
from typing import Any

from events.envelope import REF
from services.kit.bootstrap import Platform
from services.kit.config import PersonConfig
from services.kit.identity import Identity
from services.kit.whole import write_whole

FILE = "people.json"


class People:
    """A story's workers are kept beside the data, so that the command line and the development sign-in know them.
    Its clients are not: their names and codes belong in the registers, and there they are looked up."""

    def __init__(self, platform: Platform):
        self._platform = platform
        self._path = platform.data / FILE
        self._people: dict[str, dict[str, Any]] = json.loads(self._path.read_text()) if self._path.exists() else {}
        self._clients: dict[str, dict[str, str]] = {}
        self._installed = {p.id: p for p in platform.installation.person}
        self._asked = cache(platform.authority.client_ref)

    def add(self, people: dict[str, dict[str, Any]], clients: dict[str, dict[str, Any]]) -> None:
        """Take in a story's people and, for as long as it is played, its clients."""
        self._people |= people
        self._clients |= {name: {k: str(v) for k, v in details.items()} for name, details in clients.items()}
        write_whole(self._path, json.dumps(self._people, ensure_ascii=False))

    def client(self, name: str) -> dict[str, str]:
        """A client's details in the story: hetu, name, language. Raises ``LookupError``."""
        try:
            return {"name": name} | self._clients[name]
        except KeyError:
            raise LookupError(f"the story has no client called {name}") from None

    def client_ref(self, name: str) -> str:
        """The reference of a client of the story, of a client by name in any register here, or of itself.
        Raises ``LookupError``."""
        if name in self._clients:
            return self._asked(self.client(name)["hetu"])
        if REF.match(name):
            return name
        found = {ref for o in self._platform.organisations.values() for ref in o.register.named(name)}
        if len(found) != 1:
            raise LookupError("several clients have that name" if found else "no client has that name")
        return found.pop()

    def identity(self, who: str) -> Identity:
        """A worker of the story or the installation, or a client acting for themself. Raises ``LookupError``."""
        if who in self._people or who in self._installed:
            return self._worker(who)
        try:
            client_ref = self.client_ref(who)
        except LookupError:
            raise self._nobody(who) from None
        home = self._platform.home
        return Identity(f"client:{client_ref}", home.config.name, home.id, ("client",), client_ref)

    def organisation(self, who: str) -> str:
        """The id of the organisation for which somebody acts. Raises ``LookupError``."""
        if who in self._people or who in self._installed:
            return self._person(who).organisation
        if who in self._clients:
            return self._platform.home.id
        raise self._nobody(who)

    def _nobody(self, who: str) -> LookupError:
        there = ", ".join([*self._people, *self._installed, *self._clients])
        return LookupError(f"nobody is called {who}; there are: {there}")

    def workers(self) -> list[PersonConfig]:
        """Everybody who can sign in for an organisation in development mode."""
        return [self._person(who) for who in {**self._installed, **self._people}]

    def _worker(self, who: str) -> Identity:
        person = self._person(who)
        if person.organisation not in self._platform.organisations:
            raise LookupError(f"{who} works in an organisation that is not installed: {person.organisation}")
        return Identity(person.id, person.name, person.organisation, person.roles)

    def _person(self, who: str) -> PersonConfig:
        if who not in self._people:
            return self._installed[who]
        details = self._people[who]
        roles = tuple(details.get("roles", ()))
        return PersonConfig(id=who, name=details.get("name", who), organisation=details["organisation"], roles=roles)
