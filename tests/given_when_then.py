"""Tests that read as the domain does: given facts, when command, then facts (or refused, with its code).

    case = Case("social", role="own_social_worker", on="2022-03-01")
    decided = case.given(ActivityDecided(...), on="2022-01-03")
    case.when(StartActivity(days_per_week=4, place="workshop"))
    case.then(ActivityStarted(activity=decided, days_per_week=4, place="workshop"))
"""

import itertools
from datetime import UTC, date, datetime, time
from importlib import import_module

import pytest

from events.envelope import Fact, Says
from services.kit.client_file import Actor, At, ClientFile, Draft
from services.kit.command import Command
from services.kit.decide import Features, decide, react, stamped
from services.kit.errors import Refused

CLIENT = "c" * 32


def features_of(kind: str) -> Features:
    """All features of a kind, those that every kind has included."""
    common = () if kind == "client" else import_module("services.case").FEATURES
    return Features((*common, *import_module(f"services.{kind}").FEATURES))


class Case:
    """One client's file in one organisation of ``kind``; ``on`` is today, and moves when a step says so."""

    def __init__(self, kind: str, role: str, on: str = "2022-11-30", organisation: str = "own"):
        self.features = features_of(kind)
        self.file = ClientFile(CLIENT, organisation)
        self.role, self.today = role, on
        self._ids = itertools.count(1)
        self.new: tuple[Fact, ...] = ()

    def new_ref(self) -> str:
        return f"{next(self._ids):032x}"

    def at(self, role: str | None = None, person: str = "p1", organisation: str | None = None) -> At:
        now = datetime.combine(date.fromisoformat(self.today), time(9), UTC)
        return At(now=now, actor=Actor(person, "Testi Henkilö", role or self.role, organisation or self.file.organisation))

    def given(self, says: Says, on: str | None = None, person: str = "p1", corrects: str | None = None,
              annuls: bool = False) -> str:
        """An own fact that is in the file already. Returns its reference."""
        draft = Draft(says, date.fromisoformat(on or self.today), corrects=corrects, annuls=annuls)
        (fact,) = stamped(self.file, [draft], self.at(person=person), self.new_ref(), self.new_ref)
        self.file = self.file.plus([fact])
        return fact.fact_id

    def when(self, command: Command, on: str | None = None, role: str | None = None, person: str = "p1",
             command_id: str | None = None, organisation: str | None = None) -> str | None:
        """A command is given on the day ``on``. Returns the reference of its first new fact."""
        self.today = on or self.today
        self.new = decide(
            self.features, self.file, command, self.at(role, person, organisation), command_id or self.new_ref(), self.new_ref
        )
        self.file = self.file.plus(self.new)
        return self.new[0].fact_id if self.new else None

    def hears(self, says: Says, source: str, on: str | None = None, annuls: bool = False, corrects: str | None = None,
              role: str | None = None, person: str = "p1") -> str:
        """Another organisation's fact, recorded there in ``role``, arrives. Returns its reference (not an own one)."""
        other = ClientFile(CLIENT, source)
        draft = Draft(says, date.fromisoformat(on or self.today), annuls=annuls, corrects=corrects)
        (fact,) = stamped(other, [draft], self.at(role, person), self.new_ref(), self.new_ref)
        self.new = react(self.features, self.file, fact, self.at("system"), self.new_ref)
        self.file = self.file.plus(self.new)
        return fact.fact_id

    def then(self, *says: Says) -> None:
        """Exactly these facts were added."""
        assert [f.says for f in self.new] == list(says)

    def refused(self, code: str, command: Command, field: str | None = None, **how: str) -> None:
        """The command is refused with this code, and nothing is added."""
        before = self.file
        with pytest.raises(Refused) as refusal:
            self.when(command, **how)
        assert refusal.value.code == code
        assert field is None or refusal.value.field == field
        assert self.file is before
