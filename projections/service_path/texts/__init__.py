"""The timeline's words: sentences by fact type, from one table a language (``fi.toml`` explains the form)."""

import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from string import Formatter
from typing import Any, NamedTuple

from events.envelope import Says

LANGUAGES = ("fi", "sv", "en")

Names = Mapping[str, str]
Show = Callable[[Any, Names], str]


class Clause(NamedTuple):
    """One sentence, said when the field ``given`` is (or, with ``wanted`` false, is not) there and none of its
    own values is missing."""

    given: str | None
    wanted: bool
    pattern: str
    slots: tuple[tuple[str, Show], ...]

    def say(self, says: Says, names: Names) -> str | None:
        if self.given is not None and bool(getattr(says, self.given)) is not self.wanted:
            return None
        shown = []
        for name, show in self.slots:
            value = getattr(says, name)
            if value is None or value == ():
                return None
            shown.append(show(value, names))
        return self.pattern.format(*shown) if shown else self.pattern


class Texts:
    """One language's tables."""

    def __init__(self, table: Mapping[str, Any]):
        self.words: dict[str, str] = table["words"]
        self.bare: dict[str, str] = table["bare"]
        self._forms = table["forms"]
        self._table: dict[str, list[str]] = table["sentences"]

    @cached_property
    def sentences(self) -> dict[str, tuple[Clause, ...]]:
        return {name: tuple(self._clause(line) for line in lines) for name, lines in self._table.items()}

    def tell(self, says: Says, names: Names) -> str:
        """What a fact says, in words."""
        said = [clause.say(says, names) for clause in self.sentences[type(says).__name__]]
        return " ".join(filter(None, said))

    def date(self, day: date) -> str:
        month = self._forms["months"][day.month - 1]
        return str(self._forms["date"].format(day=day.day, month=month, year=day.year))

    def _clause(self, line: str) -> Clause:
        given, wanted = None, line[0] == "?"
        if line[0] in "?!":
            given, line = line[1:].split(" ", 1)
        parts = [*Formatter().parse(line)]
        pattern = "".join(text if name is None else text + "{}" for text, name, _, _ in parts)
        slots = tuple((name, self._shows[spec or ""]) for _, name, spec, _ in parts if name is not None)
        return Clause(given, wanted, pattern, slots)

    @cached_property
    def _shows(self) -> dict[str, Show]:
        return {
            "": lambda value, names: str(value),
            "word": lambda value, names: str(self.words.get(value, value)),
            "date": lambda value, names: self.date(value),
            "hours": lambda value, names: f"{value:g}".replace(".", self._forms["decimal_mark"]),
            "days": lambda value, names: str(self._forms["one_day" if value == 1 else "days"].format(value)),
            "count": lambda value, names: str(len(value)),
            "org": lambda value, names: self._name(value, names),
            "orgs": lambda value, names: ", ".join(self._name(v, names) for v in value),
        }

    def _name(self, organisation: str, names: Names) -> str:
        """An organisation's name; the client as a party has a word."""
        return names.get(organisation) or self.words.get(organisation, organisation)


@cache
def texts(language: str) -> Texts:
    """The tables of a language; of one that has none, Finnish."""
    code = language if language in LANGUAGES else "fi"
    with (Path(__file__).parent / f"{code}.toml").open("rb") as file:
        return Texts(tomllib.load(file))
