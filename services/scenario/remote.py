"""An installation whose organisations run in processes of their own, as the story player wants it: over their JSON APIs.

In development mode only: it signs in as the story's people, and as the console for what is expected to be seen.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx

from services.kit import errors
from services.kit.bootstrap import features
from services.kit.client_file import Actor
from services.kit.clock import StoryClock
from services.kit.command import Command
from services.kit.config import Installation, OrganisationConfig
from services.kit.decide import Features
from services.kit.errors import Refused

CONSOLE = "console"
PATIENCE_SECONDS = 120.0
"""Whoever does not answer is asked again for so long, as a person would."""
AGAIN_SECONDS = 0.05
SELDOM_SECONDS = 1.0
"""Whoever has not answered is asked again soon, later not so soon: every question counts against who asks too often."""
AWAY = (429, 502, 503, 504)
SETTLED = ("to_publish", "to_read", "to_react", "to_send_again", "days_behind")
STATUS = {kind.status: kind for kind in (errors.Impossible, errors.Invalid, errors.Unknown, errors.NotAllowed)}


class NotSettled(Exception):
    """It does not come to rest; says who has how much to do."""


class RemotePlatform:
    """What ``services.scenario.player`` uses of a ``Platform``."""

    def __init__(self, data: Path, installation: Installation, clock: StoryClock, addresses: Mapping[str, str]):
        """``addresses``: of each organisation's process, without its id. ``data``: where the story's progress is kept."""
        self.data, self.installation, self.clock = data, installation, clock
        self.http = httpx.Client(timeout=30.0)
        self.refs: dict[str, str] = {}
        self.organisations = {
            o.id: RemoteOrganisation(self, o, addresses[o.id]) for o in installation.organisation
        }
        self.home = self.organisations[installation.client_organisation.id]
        self.authority = self.desk = self

    def client_ref(self, hetu: str) -> str:
        """As some organisation was told it. Raises ``LookupError``."""
        try:
            return self.refs[hetu]
        except KeyError:
            raise LookupError("nobody has this client in their register yet") from None

    def consents(self, client_ref: str) -> Any:
        return self.home.ask(f"clients/{client_ref}/consents", client_ref, "client")["consents"]

    def disclosures(self, client_ref: str) -> Any:
        return self.home.ask(f"clients/{client_ref}/disclosures", client_ref, "client")["disclosures"]

    def settle(self) -> None:
        """Until everybody has read, reacted to and published everything. Raises ``NotSettled``."""
        until, before = time.monotonic() + PATIENCE_SECONDS, None
        while True:
            now = {o.id: o.standing() for o in self.organisations.values()}
            at_rest = all(s is not None and not any(s[what] for what in SETTLED) for s in now.values())
            if at_rest and now == before:
                return
            if time.monotonic() > until:
                raise NotSettled(str({o: s for o, s in now.items() if s is None or any(s[w] for w in SETTLED)}))
            before = now
            time.sleep(AGAIN_SECONDS)

    def close(self) -> None:
        self.http.close()


@dataclass
class RemoteOrganisation:
    """One organisation's API."""

    platform: RemotePlatform
    config: OrganisationConfig
    address: str
    made: list[SimpleNamespace] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.id = self.config.id
        self.features = Features(features(self.config, self.platform.installation))
        self.register = SimpleNamespace(named=lambda _: [])  # a story's clients are known by their codes

    # What the player does

    def register_client(self, actor: Actor, full_name: str, hetu: str, language: str = "fi") -> str:
        body = {"full_name": full_name, "hetu": hetu, "language": language}
        client_ref: str = self._send("POST", "clients", actor, json=body)["client_ref"]
        self.platform.refs[hetu] = client_ref
        return client_ref

    def execute(self, client_ref: str, command: Command, actor: Actor, command_id: str) -> None:
        """At the organisation of whoever acts: a clerk's consent goes from there to the client's own place."""
        at = self.platform.organisations[actor.organisation]
        address = f"clients/{client_ref}/{command.called().replace('_', '-')}"
        key = sha256(command_id.encode()).hexdigest()
        body = command.model_dump(mode="json", by_alias=True, exclude_unset=True)
        written = at._send("POST", address, actor, json=body, headers={"Idempotency-Key": key})
        self.made += [SimpleNamespace(command_id=command_id, client_ref=client_ref, **fact) for fact in written["facts"]]

    def is_client_here(self, client_ref: str) -> bool:
        """The organisation itself refuses what concerns nobody there."""
        return True

    def own_facts(self, client_ref: str) -> list[SimpleNamespace]:
        """Those that this player has made, as far as a story refers to them."""
        return [fact for fact in self.made if fact.client_ref == client_ref]

    # What the player looks at

    def path(self, client_ref: str, actor: Actor, on: date | None = None, language: str = "fi") -> Any:
        if self is self.platform.home:  # there everybody sees only themself
            actor = Actor(client_ref, actor.name, actor.role, self.id)
        asked = {"lang": language} | ({"on": on.isoformat()} if on else {})
        return self._whole(f"clients/{client_ref}/path", actor, params=asked)

    def _whole(self, address: str, actor: Actor, **how: Any) -> Any:
        """What is others' may not be shown just now: whoever looks, looks again."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            seen = self._send("GET", address, actor, **how)
            if seen["incomplete"] is None or time.monotonic() > until:
                return seen
            time.sleep(AGAIN_SECONDS)

    def withheld(self, client_ref: str) -> list[SimpleNamespace]:
        """All that any role of the organisation sees of it."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for role in self.config.roles:
            for row in self.ask(f"clients/{client_ref}/withheld", CONSOLE, role)["withheld"]:
                found[row["fact_id"], row["recipient"]] = row
        return [SimpleNamespace(_asdict=lambda row=row: row) for row in found.values()]

    def clients(self, actor: Actor) -> SimpleNamespace:
        found = self._whole("clients", actor)
        return SimpleNamespace(clients=[SimpleNamespace(**row) for row in found["clients"]], incomplete=found["incomplete"])

    def standing(self) -> dict[str, Any] | None:
        """As its health tells it; None where nobody answers."""
        try:
            found = self.platform.http.get(f"{self.address}/readyz").json()["standing"]
        except (httpx.TransportError, ValueError):
            return None
        return found if found is None or found["to_read"] is not None else None

    # HTTP

    def ask(self, address: str, person: str, role: str) -> Any:
        return self._send("GET", address, Actor(person, person, role, self.id))

    def _send(self, method: str, address: str, actor: Actor, headers: Mapping[str, str] | None = None, **how: Any) -> Any:
        who = {"Authorization": f"Development {actor.person.removeprefix('client:')}", "X-Role": actor.role}
        url, until = f"{self.address}/{self.id}/{address}", time.monotonic() + PATIENCE_SECONDS
        again = AGAIN_SECONDS
        while True:
            answer = self._answer(method, url, who | dict(headers or {}), how)
            if answer is not None and (answer.status_code not in AWAY or time.monotonic() > until):
                return _said(answer)
            if time.monotonic() > until:
                raise errors.Unavailable("internal_error")
            time.sleep(again)
            again = min(again * 1.5, SELDOM_SECONDS)

    def _answer(self, method: str, url: str, headers: Mapping[str, str], how: Any) -> httpx.Response | None:
        try:
            return self.platform.http.request(method, url, headers=headers, **how)
        except httpx.TransportError:
            return None


def _said(answer: httpx.Response) -> Any:
    """Raises what was refused."""
    if answer.is_success:
        return answer.json()
    problem = answer.json()["error"]
    raise STATUS.get(answer.status_code, Refused)(problem["code"], problem["field"])
