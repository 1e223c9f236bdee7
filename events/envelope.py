"""The envelope of a fact: what every fact has, whatever it says."""

import re
from datetime import date, datetime
from typing import Annotated, ClassVar, Generic

import msgspec
from typing_extensions import TypeVar

ClientRef = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
"""Random id of a client, the same for every organisation and meaningless outside."""

Ref = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
"""Id of a fact. A reference to another organisation's fact is only this: never its content."""

SourceSeq = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
"""A place in a file: no larger than what every database and JSON reader keeps exactly."""

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment with its zone."""

REF = re.compile(r"^[0-9a-f]{32}$")

INTERNAL = "internal"
"""The category of what never leaves the organisation."""


class Says(msgspec.Struct, frozen=True, kw_only=True):
    """What a fact says. Subclasses live in the module of their category and are never edited:
    a changed shape is a new ``version`` with an upcast from the old (``events.upcasts``)."""

    version: ClassVar[int] = 1
    category: ClassVar[str]


S_co = TypeVar("S_co", bound=Says, default=Says, covariant=True)


class Fact(msgspec.Struct, Generic[S_co], frozen=True, kw_only=True):
    """One fact of a client's file. ``Fact[CaseOpened]`` is one that says so; ``Fact`` may say anything.

    ``source_seq`` is its place in the organisation's file of that client, from 1 without gaps.
    ``occurred_on`` is the day it happened, ``recorded_at`` the moment it was written (with zone).
    ``corrects`` names the first fact of the entry that this one replaces or, with ``annuls``, takes back.
    ``because`` refers to the facts it rests on. ``command_id`` makes a repeated command a no-op.
    """

    fact_id: Ref
    client_ref: ClientRef
    organisation: str
    source_seq: SourceSeq
    name: str
    version: int
    category: str
    occurred_on: date
    recorded_at: Moment
    actor: str
    actor_name: str
    role: str
    command_id: str
    says: S_co
    because: tuple[Ref, ...] = ()
    corrects: Ref | None = None
    annuls: bool = False
    correction_reason: str | None = None

    @property
    def ref(self) -> str:
        """What others refer to: a correcting fact stands in the place of the one it corrects."""
        return self.corrects or self.fact_id

    @property
    def fact_date(self) -> date:
        """The day that decides whether history covers it (consent.md, "When R may have a fact")."""
        return min(self.occurred_on, self.recorded_at.date())

    @property
    def order(self) -> tuple[date, str, int]:
        """Folds order facts by this, never by arrival."""
        return (self.occurred_on, self.organisation, self.source_seq)
