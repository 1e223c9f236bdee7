"""A small made-up installation for the consent tests, with everything real but the clock.

Two organisations that mostly tell and two that mostly hear (one does both), the client's own place, two clients.
The authority can be sent away, the process can die at a chosen moment, and the shared log can deliver a record again
at a later place, as an at-least-once log may.
"""

import atexit
import itertools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from consent.keys import AuthorityUnavailable, OpenKey
from consent.sealing import locator_of
from events.activity import ActivityStarted
from events.case import WorkerAssigned
from events.codec import decode
from events.envelope import Fact, Says
from events.fee import FeeMilestoneRecorded
from events.health import WorkAbilityLimitNoted
from events.internal import NoteWritten
from events.shared_log import Positioned
from events.shared_log.sqlite import SqliteSharedLog
from services.kit import embedded
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


class RepeatingLog(SqliteSharedLog):
    """A log that may hold a copy of a record at a later place. Records at even positions, copies at odd."""

    copies: list[Positioned]

    def append(self, records: Sequence[Any]) -> Sequence[int]:
        return [2 * p for p in super().append(records)]

    def read(self, partition: str, after: int, limit: int) -> Sequence[Positioned]:
        found = [Positioned(2 * p.position, p.record) for p in super().read(partition, after // 2, limit)]
        found += [c for c in self.copies if c.position > after]
        return sorted(found, key=lambda p: p.position)[:limit]

    def head(self, partition: str) -> int:
        return max([2 * super().head(partition), *(c.position for c in self.copies)])

    def first(self, record_id: str, subject: str, after: int) -> int | None:
        return next((p.position for p in self.read("0", after, 1_000_000) if p.record.id == record_id), None)

    def repeat(self, original: Positioned) -> None:
        """Deliver it once more, after all that is there."""
        place = 2 * super().head("0") + 1
        if all(c.position != place for c in self.copies):
            self.copies.append(Positioned(place, original.record))


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


def _root() -> Path:
    """Memory, where the machine offers it: a test's data need not survive a power loss."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="palvelupolku-", dir=memory if os.access(memory, os.W_OK) else None))


class Prepared:
    """An installation with two registered clients, made once and copied for each world."""

    def __init__(self) -> None:
        self.root = _root()
        atexit.register(shutil.rmtree, self.root, ignore_errors=True)
        self.clock_file = self.root / "template" / "clock.json"
        self.clock_file.parent.mkdir()
        clock = StoryClock(self.clock_file)
        clock.move(FIRST_DAY, 0)
        with _repeating([]):
            platform = Platform(self.root / "template", INSTALLATION, clock)
        self.clients = tuple(
            platform.organisations[o].register_client(actor(o, ROLES[o][0]), "Testi Henkilö", hetu)
            for hetu in HETUS
            for o in (SOTE, TE, HOME)
        )[::3]
        platform.settle()
        platform.close()
        self._number = itertools.count()

    def copy(self) -> Path:
        data = self.root / f"world-{next(self._number)}"
        shutil.copytree(self.root / "template", data)
        return data

@contextmanager
def _repeating(copies: list[Positioned]) -> Iterator[None]:
    made = type("Log", (RepeatingLog,), {"copies": copies})
    with patch.object(embedded, "SqliteSharedLog", made):
        yield


class World:
    """One running installation. ``keys[o]`` are all keys that an organisation was ever given to open records."""

    def __init__(self, prepared: Prepared):
        self.clients = prepared.clients
        self.data = prepared.copy()
        self.away = False
        self.copies: list[Positioned] = []
        self.keys: dict[str, set[bytes]] = {o: set() for o in ORGANISATIONS}
        self._number = itertools.count(1)
        self._seconds = itertools.count(1)
        self.open()

    def open(self, days: int = 0) -> None:
        """Start the process, so many days after it ended."""
        self.clock = StoryClock(self.data / "clock.json")
        self.pass_days(days)
        with _repeating(self.copies):
            self.platform = Platform(self.data, INSTALLATION, self.clock)
        assert isinstance(self.platform.log, RepeatingLog)
        self.log_of_platform = self.platform.log
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
        shutil.rmtree(self.data, ignore_errors=True)

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

    def log(self) -> Sequence[Positioned]:
        return self.log_of_platform.read("0", 0, 1_000_000)

    def ask_keys(self, organisation: str, records: Sequence[Positioned]) -> Sequence[Any]:
        asked = [(r.record.subject, locator_of(r.record)) for r in records]
        return self.platform.authority.open_keys(organisation, asked)

    def on_disk(self, organisation: str, client: str, after: int = 0) -> list[Fact]:
        """The client's file, from a place on, as another process reads it at this moment: what is committed."""
        connection = sqlite3.connect(self.data / organisation / "store.sqlite")
        try:
            query = "SELECT state FROM stored_events WHERE originator_id = ? AND originator_version > ? ORDER BY originator_version"
            return [decode(state) for (state,) in connection.execute(query, (client, after))]
        finally:
            connection.close()
