"""A process dies with SIGKILL at a named point, surely, and whoever starts it again finds nothing lost, nothing doubled and
nothing readable that consent does not cover."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest

from services.case.cases.commands import OpenCase
from services.case.notes.commands import WriteNote
from services.case.referrals.commands import MakeReferral
from services.client.authority.commands import GiveConsent, ScopeLine, WithdrawConsent
from services.kit.client_file import Actor
from services.kit.clock import StoryClock
from services.kit.errors import Refused
from services.scenario.remote import RemoteOrganisation
from tests.machines.checked import findings
from tests.machines.dying import POINTS
from tests.nodes import COMMAND, Process, Town, town

TIMES = int(os.environ.get("FAULTS", "1"))
SOCIAL, PROVIDER = "orimattila-social", "esimerkkivalmennus"
DYING = (sys.executable, "-m", "tests.machines.dying")
CATEGORIES = ["case", "referral", "identity"]
DIES_SECONDS = 60.0

WHO = {"home": ("epoch opened", "consent on the log, not acknowledged"),
       "source": ("facts stored", "sealed, not appended", "appended, not noted", "published noted", "disclosure written, not answered"),
       "recipient": ("keys given, nothing held", "about to hold", "held, not reacted to", "reacted, still waiting", "purged, not wiped")}  # fmt: skip


def test_every_point_is_somebodys() -> None:
    assert sorted(point for points in WHO.values() for point in points) == sorted(POINTS)


class Apart:
    """Three organisations, each in one process. A client's life in one round of acts that comes to every point."""

    def __init__(self, there: Town):
        self.there, self.platform = there, there.platform()
        self.processes = {p.organisation: p for p in there.processes}
        self._rounds = 0

    def process(self, point: str) -> Process:
        (who,) = [w for w, points in WHO.items() if point in points]
        return self.processes[{"home": self.there.home, "source": SOCIAL, "recipient": PROVIDER}[who]]

    def round(self) -> dict[str, Any]:
        """A client is told of, shared, looked at and taken back. Returns what both sides see of it."""
        self._rounds += 1
        n = self._rounds
        worker = Actor("paivi", "Päivi", "own_social_worker", SOCIAL)
        clerk = Actor("paivi", "Päivi", "consent_clerk", SOCIAL)
        coach = Actor("outi", "Outi", "job_coach", PROVIDER)
        social, provider, home = (self.platform.organisations[o] for o in (SOCIAL, PROVIDER, self.there.home))
        hetu = hetu_of(n)
        ref = social.register_client(worker, f"Testi Asiakas {n}", hetu)
        lines = [ScopeLine(source=[SOCIAL], recipient=[PROVIDER], categories=CATEGORIES)]
        home.execute(ref, GiveConsent(scopes=lines, place="Orimattila"), clerk, f"consent {n}")
        social.execute(ref, OpenCase(), worker, f"case {n}")
        social.execute(ref, MakeReferral(to=PROVIDER, service="coaching", reason="nivelvaihe"), worker, f"referral {n}")
        social.execute(ref, WriteNote(note="muistiinpano"), worker, f"note {n}")
        self._types(social, ref, worker)  # where whoever looks dies, they look again: so there always was a look before
        self.platform.settle()
        shared = self._types(provider, ref, coach)
        own = self._types(social, ref, worker)
        home.execute(ref, WithdrawConsent(place="Orimattila"), clerk, f"withdrawal {n}")
        self.platform.settle()
        after = self._refused(provider, ref, coach)
        self.platform.settle()  # nothing of this round is left to do in the next
        return {"shared": shared, "own": own, "after": after}

    @staticmethod
    def _types(at: RemoteOrganisation, ref: str, actor: Actor) -> list[str]:
        return sorted(row["type"] for row in at.path(ref, actor)["timeline"])

    def _refused(self, at: RemoteOrganisation, ref: str, actor: Actor) -> object:
        """The code; or what is seen after all."""
        try:
            return self._types(at, ref, actor)
        except Refused as refused:
            return refused.code


def hetu_of(n: int) -> str:
    """A made-up person's, one for each round."""
    day, number = date(1960 + n % 40, 1 + n % 12, 1 + n % 28), 900 + n % 100
    body = f"{day:%d%m%y}", f"{number:03d}"
    return f"{body[0]}-{body[1]}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(''.join(body)) % 31]}"


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    with town(tmp_path_factory.mktemp("dying")) as there:
        StoryClock(there.clock_file).move(date(2022, 9, 1), 1)
        there.serve_all()
        made = Apart(there)
        yield made
        made.platform.close()


@pytest.fixture(scope="module")
def expected(apart: Apart) -> dict[str, Any]:
    """When nobody dies."""
    seen = apart.round()
    assert "ReferralMade" in seen["shared"] and "ReferralMade" in seen["own"]
    return seen


@pytest.mark.parametrize("time_", range(TIMES))
@pytest.mark.parametrize("point", POINTS)
def test_whoever_dies_there_leaves_everything_as_it_must_be(apart: Apart, expected: dict[str, Any], point: str, time_: int) -> None:
    with dying(apart.process(point), point) as watch:
        seen = apart.round()
    assert watch.died, "it came there and died"
    assert seen == expected


def test_a_check_of_all_of_it_finds_nothing_afterwards(apart: Apart, expected: dict[str, Any]) -> None:
    assert findings(apart.there) == []


@contextmanager
def dying(process: Process, point: str) -> Iterator["_Again"]:
    """The process dies at the point once, and is started again. Afterwards it works as it did before, died or not."""
    process.kill()
    process.start((*DYING, point))
    watch = _Again(process)
    try:
        yield watch
    finally:
        watch.end()


class _Again:
    """Starts a process again as soon as it has died, as whatever watches over processes would."""

    def __init__(self, process: Process):
        self._process, self.died, self._ends = process, False, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while self._process.popen.poll() is None:
            if self._ends.wait(0.05):
                self._process.kill()  # it never came there
                break
        else:
            self.died = self._process.popen.poll() == -9
        self._process.start(COMMAND)

    def end(self) -> None:
        """It has died by now, unless it is only about to."""
        if not self.died:
            self._thread.join(DIES_SECONDS)
        self._ends.set()
        self._thread.join()
        self._process.wait_until_ready()
