"""A small made-up installation for the consent tests, with everything real but the clock.

Two organisations that mostly tell and two that mostly hear (one does both), the client's own place, two clients.
The authority can be sent away, the process can die at a chosen moment, and the shared log can deliver a record again
at a later place, as an at-least-once log may. What a world stands on is a ``Kept``: files, or servers.
"""

import itertools
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Protocol

from consent.keys import AuthorityUnavailable, OpenKey
from consent.sealing import locator_of
from events.activity import ActivityStarted
from events.case import WorkerAssigned
from events.envelope import Fact, Says
from events.fee import FeeMilestoneRecorded
from events.health import WorkAbilityLimitNoted
from events.internal import NoteWritten
from events.shared_log import Positioned, SharedLog
from services.kit.bootstrap import Platform
from services.kit.client_file import Actor, At, Draft
from services.kit.clock import StoryClock
from services.kit.command import Command
from services.kit.config import Installation, OrganisationConfig, StatutoryConfig
from services.kit.decide import stamped
from services.kit.organisation import Organisation

SOTE, TE, FIRST, SECOND, HOME = "testi-sote", "testi-tyollisyys", "valmennus-yksi", "valmennus-kaksi", "oma-testipolku"
ORGANISATIONS = (SOTE, TE, FIRST, SECOND, HOME)
ROLES = {
    SOTE: ("own_social_worker", "activity_supervisor"),
    TE: ("employment_coach", "funder"),
    FIRST: ("job_coach", "team_leader"),
    SECOND: ("job_coach", "team_leader"),
    HOME: ("client",),
}
KINDS = {SOTE: "social", TE: "employment", FIRST: "provider", SECOND: "provider", HOME: "client"}
INSTALLATION = Installation(
    name="Testilä",
    organisation=tuple(OrganisationConfig(id=o, kind=KINDS[o], name=o.title(), roles=ROLES[o]) for o in ORGANISATIONS),
    statutory=(
        StatutoryConfig(
            source=FIRST, recipient=TE, categories=("fee",), legal_ground="Contract", valid_from=date(2020, 1, 1)
        ),
    ),
)
FIRST_DAY = date(2024, 3, 1)
HETUS = ("010170-999R", "010180-9004")
ASKED = ("open_keys", "seal_keys", "consent_head", "note_grounds")


class Died(BaseException):
    """The process ends here."""


def says(category: str, token: str) -> Says:
    """A simple fact of the category whose content is ``token`` (32 hex digits, found nowhere else)."""
    made: dict[str, Callable[[], Says]] = {
        "activity": lambda: ActivityStarted(days_per_week=2, place=token),
        "health": lambda: WorkAbilityLimitNoted(limit=token, from_day=FIRST_DAY),
        "case": lambda: WorkerAssigned(worker_role="job_coach", person="testi", person_name="Testi Henkilö", task=token),
        "fee": lambda: FeeMilestoneRecorded(milestone="start_fee", coaching=token, evidence=()),
        "internal": lambda: NoteWritten(note=token),
    }
    return made[category]()


def actor(organisation: str, role: str) -> Actor:
    return Actor(f"{organisation}/{role}", "Testi Henkilö", role, organisation)


def registered(platform: Platform) -> tuple[str, ...]:
    """The two clients, known to some."""
    refs = [
        platform.organisations[o].register_client(actor(o, ROLES[o][0]), "Testi Henkilö", hetu)
        for hetu in HETUS
        for o in (SOTE, TE, HOME)
    ]
    platform.settle()
    return tuple(refs[::3])


class Kept(Protocol):
    """What one world keeps, on one kind of databases and log, and what a test does with it from outside."""

    clients: tuple[str, ...]
    """Two, whom some organisations have registered; from the first process on."""
    clock_file: Path

    def platform(self, clock: StoryClock) -> Platform:
        """Start the process."""

    def append_again(self, log: SharedLog, original: Positioned) -> None:
        """Somebody repeats an append whose acknowledgement was lost."""

    def repeat(self, log: SharedLog, original: Positioned) -> None:
        """Let the record stand on the log once more, after all that is there."""

    def on_disk(self, organisation: str, client: str, after: int = 0) -> list[Fact]:
        """The client's file, from a place on, as another process reads it at this moment: what is committed."""

    def bytes_of_the_log(self) -> Iterable[bytes]:
        """All that whoever keeps the log can read of it."""

    def remove(self) -> None: ...


class World:
    """One running installation. ``keys[o]`` are all keys that an organisation was ever given to open records."""

    def __init__(self, kept: Kept):
        self.kept = kept
        self.away = False
        self.keys: dict[str, set[bytes]] = {o: set() for o in ORGANISATIONS}
        self._number = itertools.count(1)
        self._seconds = itertools.count(1)
        self.open()
        self.clients = kept.clients

    def open(self, days: int = 0) -> None:
        """Start the process, so many days after it ended."""
        self.clock = StoryClock(self.kept.clock_file)
        self.pass_days(days)
        self.platform = self.kept.platform(self.clock)
        for name in ASKED:
            setattr(self.platform.authority, name, self._asking(getattr(self.platform.authority, name)))

    def _asking(self, ask: Callable[..., Any]) -> Callable[..., Any]:
        """The question as it goes out of an organisation: it may find nobody there; keys given are remembered."""

        def asked(*question: Any) -> Any:
            if self.away:
                raise AuthorityUnavailable
            answer = ask(*question)
            if ask.__name__ == "open_keys":
                self.keys[question[0]] |= {a.key for a in answer if isinstance(a, OpenKey)}
            return answer

        return asked

    def close(self) -> None:
        self.platform.close()

    def remove(self) -> None:
        self.close()
        self.kept.remove()

    # What people do

    @property
    def today(self) -> date:
        return self.clock.now().date()

    def of(self, organisation: str) -> Organisation:
        return self.platform.organisations[organisation]

    def pass_days(self, days: int) -> None:
        self.clock.move(self.today + timedelta(days), next(self._seconds))

    def consent(self, client: str, command: Command, role: str = "client") -> tuple[Fact, ...]:
        """A consent command by the client, or by a clerk of another organisation."""
        self.clock.move(self.today, next(self._seconds))
        by = actor(HOME if role == "client" else TE, role)
        return self.platform.home.execute(client, command, by, f"command-{next(self._number)}")

    def record(self, source: str, client: str, category: str, days_back: int = 0) -> tuple[Fact, str]:
        """A fact of the source's own file that happened ``days_back`` ago. Returns it and its token."""
        self.clock.move(self.today, next(self._seconds))
        store, token = self.of(source).store, os.urandom(16).hex()
        at = At(self.clock.now(), actor(source, ROLES[source][0]))
        draft = Draft(says(category, token), self.today - timedelta(days_back))
        file = store.file(client)
        (fact,) = stamped(file, [draft], at, f"command-{next(self._number)}", lambda: os.urandom(16).hex())
        store.append(file, [fact])
        return fact, token

    def settle(self) -> None:
        for _ in range(200):
            if not self.platform.pump():
                return
        raise AssertionError("it never comes to rest")

    def rebuild(self, organisation: str) -> None:
        for _ in self.platform.rebuild(self.of(organisation)):
            pass

    # What the tests look at from outside

    @property
    def log(self) -> SharedLog:
        return self.platform.log

    def records(self) -> int:
        """How many stand on the log."""
        return self.log.behind({})

    def ask_keys(self, organisation: str, records: Sequence[Positioned]) -> Sequence[Any]:
        asked = [(r.record.subject, locator_of(r.record)) for r in records]
        return self.platform.authority.open_keys(organisation, asked)
