"""Facts for tests of folds: written in any organisation's file, without the decisions that lead to them.

    book = Book()
    activity = book.fact(ActivityStarted(days_per_week=4, place="Paja"), "2022-05-09", "workshop")
    book.fact(ActivityEnded(activity=activity.ref, reason="moved"), "2022-10-01", "workshop")
    fold(book.facts)
"""

import itertools
import typing
from collections import Counter
from datetime import UTC, date, datetime, time
from typing import Any, Literal, get_args, get_origin

import msgspec

from events.catalogue import BY_NAME
from events.envelope import Fact, Says

CLIENT = "c" * 32
ANY_REF = "f" * 32


class Book:
    """One client's facts in several organisations, numbered as each of them would."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self._seq: Counter[str] = Counter()
        self._ids = itertools.count(1)

    def fact(
        self, says: Says, on: str, organisation: str = "social", corrects: Fact | None = None, annuls: bool = False,
        hour: int = 9, role: str = "any",
    ) -> Fact:
        """Write one more. Returns it, so that others can refer to its ``ref``."""
        self._seq[organisation] += 1
        day = date.fromisoformat(on)
        fact = Fact(
            fact_id=f"{next(self._ids):032x}",
            client_ref=CLIENT,
            organisation=organisation,
            source_seq=self._seq[organisation],
            name=type(says).__name__,
            version=says.version,
            category=BY_NAME[type(says).__name__].category,
            occurred_on=day,
            recorded_at=datetime.combine(day, time(hour), UTC),
            actor="p1",
            actor_name="Testi Henkilö",
            role=role,
            command_id=f"{len(self.facts):032x}",
            says=says,
            corrects=corrects.ref if corrects else None,
            annuls=annuls,
        )
        self.facts.append(fact)
        return fact


def example(cls: type[Any], **given: Any) -> Any:
    """A value of a fact's class (or a part of one) with every field filled; ``given`` overrides."""
    hints = typing.get_type_hints(cls, include_extras=True)
    return cls(**{name: _filled(hints[name]) for name in cls.__struct_fields__} | given)


_PLAIN: dict[Any, Any] = {
    str: "jotakin", int: 3, float: 4.5, bool: True, date: date(2022, 11, 30), datetime: datetime(2022, 11, 30, 9, tzinfo=UTC),
}


def _filled(hint: Any) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return args[0]
    if origin is typing.Annotated:
        return ANY_REF
    if origin is tuple:
        return (_filled(args[0]),)
    if args:
        return _filled(args[0])
    return example(hint) if isinstance(hint, type) and issubclass(hint, msgspec.Struct) else _PLAIN[hint]


def codes(cls: type[Says]) -> dict[str, tuple[str, ...]]:
    """The coded values of each field of a fact."""
    hints = typing.get_type_hints(cls)
    return {name: found for name in cls.__struct_fields__ if (found := _literals(hints[name]))}


def _literals(hint: Any) -> tuple[str, ...]:
    if get_origin(hint) is Literal:
        return get_args(hint)
    return tuple(code for arg in get_args(hint) for code in _literals(arg))
