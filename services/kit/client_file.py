"""A client's file in one organisation, as decisions see it: history in, facts out."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeVar

from events.corrections import effective
from events.envelope import Fact, Says
from services.kit.errors import Impossible, Unknown

S = TypeVar("S", bound=Says)
_MARKED = re.compile("(.+)#[0-9a-f]{16}", re.DOTALL)


SYSTEM = "system"
"""Person and role where the platform itself acts."""


@dataclass(frozen=True)
class Actor:
    """Who acts: a person of one organisation, in one role."""

    person: str
    name: str
    role: str
    organisation: str


@dataclass(frozen=True)
class At:
    """When and by whom: passed in, so that a decision reads no clock."""

    now: datetime
    actor: Actor

    @property
    def today(self) -> date:
        return self.now.date()


@dataclass(frozen=True)
class Draft:
    """A fact as decided, before it has its place in the file. ``on`` is the day it occurred."""

    says: Says
    on: date
    because: tuple[str, ...] = ()
    corrects: str | None = None
    annuls: bool = False
    correction_reason: str | None = None


def act_of(command_id: str) -> str | None:
    """The act that a command id names where it ends with a mark of the command's content (``ACT#MARK``), else None."""
    marked = _MARKED.fullmatch(command_id)
    return marked[1] if marked else None


class ClientFile:
    """The facts of one client in one organisation, in the order they were written."""

    def __init__(self, client_ref: str, organisation: str, facts: tuple[Fact, ...] = ()):
        self.client_ref = client_ref
        self.organisation = organisation
        self.facts = facts

    @property
    def version(self) -> int:
        """``source_seq`` of the last fact; 0 for an empty file."""
        return len(self.facts)

    @cached_property
    def command_ids(self) -> frozenset[str]:
        return frozenset(f.command_id for f in self.facts)

    @cached_property
    def acts(self) -> frozenset[str | None]:
        """The acts that marked command ids name (``act_of``)."""
        return frozenset(map(act_of, self.command_ids))

    @cached_property
    def _effective(self) -> dict[type[Says], list[Fact]]:
        by_type: dict[type[Says], list[Fact]] = {}
        for fact in effective(self.facts):
            by_type.setdefault(type(fact.says), []).append(fact)
        return by_type

    def of(self, *types: type[S]) -> list[Fact[S]]:
        """The facts of these types as corrected, ordered by the day they occurred, then as written."""
        found: list[Fact[Any]] = [f for t in types for f in self._effective.get(t, ())]
        return found if len(types) == 1 else sorted(found, key=lambda f: f.order)

    def find(self, ref: str | None, *types: type[S]) -> Fact[S] | None:
        """The entry that ``ref`` names, or None."""
        return next((f for f in self.of(*types) if ref in (f.ref, f.fact_id)), None)

    def plus(self, facts: Iterable[Fact]) -> "ClientFile":
        """The file as it will be with these facts. What is known of this one is carried forward and not
        worked out anew."""
        new = tuple(facts)
        after, known = ClientFile(self.client_ref, self.organisation, self.facts + new), self.__dict__
        if "command_ids" in known:
            ids = frozenset(f.command_id for f in new)
            after.__dict__["command_ids"] = self.command_ids | ids
            if "acts" in known:
                after.__dict__["acts"] = self.acts | frozenset(map(act_of, ids))
        if "_effective" in known and all(f.corrects is None for f in new):
            after.__dict__["_effective"] = _with(self._effective, new)
        return after


def _with(effective: dict[type[Says], list[Fact]], new: Iterable[Fact]) -> dict[type[Says], list[Fact]]:
    """Each list with its new facts, in fold order."""
    by_type = dict(effective)
    for fact in new:
        found = by_type[type(fact.says)] = [*by_type.get(type(fact.says), ()), fact]
        if len(found) > 1 and found[-2].order > fact.order:
            found.sort(key=lambda f: f.order)
    return by_type


def the_one(
    file: ClientFile,
    ref: str | None,
    *types: type[S],
    field: str,
    among: Callable[[Fact[S]], bool] = lambda _: True,
) -> Fact[S]:
    """The entry that ``ref`` names or, where ref is left out, the only one that ``among`` lets through.

    Raises ``Unknown("unknown_reference")`` when ref names nothing here, ``Unknown("nothing_to_refer_to")``
    when there is none, and ``Impossible("say_which_one")`` when there are several.
    """
    if ref is not None:
        fact = file.find(ref, *types)
        if fact is None:
            raise Unknown("unknown_reference", field)
        return fact
    candidates = [f for f in file.of(*types) if among(f)]
    if not candidates:
        raise Unknown("nothing_to_refer_to", field)
    if len(candidates) > 1:
        raise Impossible("say_which_one", field)
    return candidates[0]


def referring(file: ClientFile, to: Fact, field: str, *types: type[S]) -> list[Fact[S]]:
    """The entries of these types whose ``field`` refers to the entry ``to``."""
    return [f for f in file.of(*types) if getattr(f.says, field) in (to.ref, to.fact_id)]


def lacking(file: ClientFile, field: str, *types: type[Says]) -> Callable[[Fact], bool]:
    """Lets an entry through that none of these types refers to by ``field``: what is not yet ended, cancelled, begun."""
    return lambda fact: not referring(file, fact, field, *types)


def check_all_refer(file: ClientFile, field: str, referring_types: Iterable[type[Any]], *types: type[Says]) -> None:
    """Raises ``Impossible("others_rest_on_it")`` where an entry refers by ``field`` to none of ``types`` here."""
    known = {None} | {f.ref for f in file.of(*types)}
    if any(getattr(f.says, field) not in known for f in file.of(*referring_types)):
        raise Impossible("others_rest_on_it", "fact")


def copied(command: Any, fact_class: type[S], **given: Any) -> S:
    """Build a fact from the command's fields of the same names; ``given`` fills in or overrides."""
    fields = {n: getattr(command, n) for n in fact_class.__struct_fields__ if hasattr(command, n) and n not in given}
    return fact_class(**fields, **given)
