"""A story as its file tells it, each part with its line. The format: ``deploy/scenarios/README.md``."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from services.scenario.document import Mapping, StoryError, load

STORY_KEYS = {"story", "about", "installation", "people", "clients", "steps"}
PERSON_KEYS = {"organisation", "roles", "name"}
CLIENT_KEYS = {"hetu", "name", "language"}
STEP_KEYS = {"on", "who", "role", "client", "do", "with", "as", "refused", "expect", "note"}
EXPECT_KEYS = {"as", "role", "client", "on", "view", "sees", "hides", "refused", "note"}
VIEWS = ("path", "withheld", "disclosures", "consents", "clients")


@dataclass(frozen=True)
class Expectation:
    """What a viewer sees and does not see. ``refused`` instead: the question itself is refused, and why."""

    line: int
    organisation: str
    role: str | None
    client: str | None
    on: date | None
    view: str
    sees: dict[str, Any]
    hides: dict[str, Any]
    refused: str | None


@dataclass(frozen=True)
class Step:
    """One act on one day, or only expectations. ``number`` counts from 1."""

    number: int
    line: int
    on: date
    who: str | None
    role: str | None
    clients: tuple[str, ...]
    do: str | None
    given: dict[str, Any]
    name: str | None
    refused: str | None
    expect: tuple[Expectation, ...]

    @property
    def digest(self) -> str:
        """Names what the step does (not what is expected of it): a done step that was changed is noticed."""
        does = [str(self.on), self.who, self.role, self.clients, self.do, self.given, self.name, self.refused]
        return sha256(json.dumps(does, default=str, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Story:
    """A whole story. ``people`` and ``clients`` by the names that steps use."""

    name: str
    folder: Path
    installation: str | None
    people: dict[str, dict[str, Any]]
    clients: dict[str, dict[str, Any]]
    steps: tuple[Step, ...] = field(repr=False)


def read(path: Path) -> Story:
    """Read a story's file. Raises ``StoryError`` with the line of what is wrong."""
    document = load(path)
    if not isinstance(document, Mapping) or "story" not in document:
        raise StoryError(1, "a story begins with `story: NAME`")
    _only(document, STORY_KEYS)
    clients = _named(document, "clients", CLIENT_KEYS, {"hetu"})
    steps = tuple(_steps(document, clients))
    _check_names(steps)
    return Story(
        name=str(document["story"]),
        folder=path.parent,
        installation=document.get("installation"),
        people=_named(document, "people", PERSON_KEYS, {"organisation", "roles"}),
        clients=clients,
        steps=steps,
    )


def _named(document: Mapping, key: str, known: set[str], needed: set[str]) -> dict[str, dict[str, Any]]:
    found = document.get(key) or {}
    if not isinstance(found, dict):
        raise StoryError(document.line, f"`{key}` is a mapping of names to details")
    for name, details in found.items():
        if not isinstance(details, Mapping):
            raise StoryError(document.line, f"`{key}`: {name} needs its details")
        _only(details, known)
        if missing := needed - details.keys():
            raise StoryError(details.line, f"{name} needs `{'`, `'.join(sorted(missing))}`")
    return found


def _check_names(steps: Iterable[Step]) -> None:
    """A name names one fact of one client; another client's may have the same."""
    taken: set[tuple[str, str]] = set()
    for step in steps:
        names = {(step.name, client) for client in step.clients if step.name}
        if names & taken:
            raise StoryError(step.line, f"an earlier step of this client is called `{step.name}` already")
        taken |= names


def _only(mapping: Mapping, known: set[str]) -> None:
    for key in mapping:
        if key not in known:
            raise StoryError(mapping.line, f"unknown key `{key}`; known: {', '.join(sorted(known))}")


def _steps(document: Mapping, clients: dict[str, Any]) -> list[Step]:
    steps: list[Step] = []
    day: date | None = None
    listed = document.get("steps")
    if not isinstance(listed, list):
        raise StoryError(document.line, "a story has `steps`: a list")
    for number, raw in enumerate(listed, start=1):
        if not isinstance(raw, Mapping):
            raise StoryError(document.line, f"step {number} is not a mapping")
        _only(raw, STEP_KEYS)
        day = _day(raw, "on") or day
        steps.append(_step(number, raw, day, clients))
    return steps


def _day(raw: Mapping, key: str) -> date | None:
    value = raw.get(key)
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    raise StoryError(raw.line, f"`{key}` is a date: 2022-08-23")


def _step(number: int, raw: Mapping, day: date | None, clients: dict[str, Any]) -> Step:
    if day is None:
        raise StoryError(raw.line, "the first step needs its day: `on: 2022-08-23`")
    if "do" not in raw and "expect" not in raw:
        raise StoryError(raw.line, "a step has `do` or `expect`")
    if "do" in raw and "who" not in raw:
        raise StoryError(raw.line, "say `who` does it")
    if raw.get("with") is not None and not isinstance(raw["with"], dict):
        raise StoryError(raw.line, "`with` is a mapping of the command's fields")
    about = _clients(raw, clients)
    if "do" in raw and not about:
        raise StoryError(raw.line, "say of which `client`")
    return Step(
        number=number,
        line=raw.line,
        on=day,
        who=raw.get("who"),
        role=raw.get("role"),
        clients=about,
        do=raw.get("do"),
        given=dict(raw.get("with") or {}),
        name=raw.get("as"),
        refused=raw.get("refused"),
        expect=tuple(_expectation(e, raw, about, clients) for e in raw.get("expect") or ()),
    )


def _clients(raw: Mapping, clients: dict[str, Any]) -> tuple[str, ...]:
    value = raw.get("client")
    names = tuple(value) if isinstance(value, list) else () if value is None else (value,)
    if not names and raw.get("who") in clients:
        names = (raw["who"],)
    for name in names:
        if not isinstance(name, str) or name not in clients:
            raise StoryError(raw.line, f"no client is called {name}; the story's clients: {', '.join(clients)}")
    return names


def _expectation(raw: Any, step: Mapping, about: tuple[str, ...], clients: dict[str, Any]) -> Expectation:
    if not isinstance(raw, Mapping) or "as" not in raw:
        raise StoryError(step.line, "an expectation begins with `as: ORGANISATION`")
    _only(raw, EXPECT_KEYS)
    view = raw.get("view", "path")
    if view not in VIEWS:
        raise StoryError(raw.line, f"unknown view `{view}`; known: {', '.join(VIEWS)}")
    if not {"sees", "hides", "refused"} & raw.keys():
        raise StoryError(raw.line, "an expectation says what the viewer `sees`, what is `hides`, or that it is `refused`")
    names = _clients(raw, clients) or about
    if len(names) != 1 and view != "clients":
        raise StoryError(raw.line, "say of which `client`")
    return Expectation(
        line=raw.line,
        organisation=raw["as"],
        role=raw.get("role"),
        client=names[0] if names else None,
        on=_day(raw, "on"),
        view=view,
        sees=_pattern(raw, "sees"),
        hides=_pattern(raw, "hides"),
        refused=raw.get("refused"),
    )


def _pattern(raw: Mapping, key: str) -> dict[str, Any]:
    found = raw.get(key) or {}
    if not isinstance(found, dict):
        raise StoryError(raw.line, f"`{key}` is a mapping: a field of the view, and what is in it")
    return found
