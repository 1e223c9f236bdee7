"""A story as its file tells it, each part with its line. The format: ``deploy/scenarios/README.md``."""

import json
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import yaml

STORY_KEYS = {"story", "about", "installation", "people", "clients", "steps"}
STEP_KEYS = {"on", "who", "role", "client", "do", "with", "as", "refused", "expect", "note"}
EXPECT_KEYS = {"as", "role", "client", "on", "view", "sees", "hides", "refused", "note"}
VIEWS = ("path", "withheld", "disclosures", "consents", "clients")


class StoryError(Exception):
    """The story cannot be read or does not hold. ``line`` is a line of its file."""

    def __init__(self, line: int, message: str):
        super().__init__(f"line {line}: {message}")
        self.line = line
        self.message = message


class _Mapping(dict[str, Any]):
    """A mapping that knows its line."""

    line = 0


_BOOL = "tag:yaml.org,2002:bool"


class _Loader(yaml.SafeLoader):
    """YAML as people read it: ``on`` is a word, only ``true`` and ``false`` are truth values."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[Any]]] = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOL]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_Loader.add_implicit_resolver(_BOOL, re.compile("^(?:true|false)$"), list("tf"))


def _mapping(loader: _Loader, node: yaml.MappingNode) -> _Mapping:
    mapping = _Mapping()
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node, deep=True))
        if key in mapping:
            raise StoryError(key_node.start_mark.line + 1, f"`{key}` is said twice")
        mapping[key] = loader.construct_object(value_node, deep=True)
    mapping.line = node.start_mark.line + 1
    return mapping


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


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
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except OSError as error:
        raise StoryError(0, f"the file cannot be read: {error.strerror}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise StoryError(line, f"not well-formed YAML: {error.problem}") from None
    if not isinstance(document, _Mapping) or "story" not in document:
        raise StoryError(1, "a story begins with `story: NAME`")
    _only(document, STORY_KEYS)
    clients = _named(document, "clients")
    return Story(
        name=str(document["story"]),
        folder=path.parent,
        installation=document.get("installation"),
        people=_named(document, "people"),
        clients=clients,
        steps=tuple(_steps(document, clients)),
    )


def _named(document: _Mapping, key: str) -> dict[str, dict[str, Any]]:
    found = document.get(key) or {}
    if not isinstance(found, dict) or not all(isinstance(v, dict) for v in found.values()):
        raise StoryError(document.line, f"`{key}` is a mapping of names to details")
    return found


def _only(mapping: _Mapping, known: set[str]) -> None:
    for key in mapping:
        if key not in known:
            raise StoryError(mapping.line, f"unknown key `{key}`; known: {', '.join(sorted(known))}")


def _steps(document: _Mapping, clients: dict[str, Any]) -> list[Step]:
    steps: list[Step] = []
    day: date | None = None
    for number, raw in enumerate(document.get("steps") or (), start=1):
        if not isinstance(raw, _Mapping):
            raise StoryError(document.line, f"step {number} is not a mapping")
        _only(raw, STEP_KEYS)
        day = _day(raw, "on") or day
        steps.append(_step(number, raw, day, clients))
    return steps


def _day(raw: _Mapping, key: str) -> date | None:
    value = raw.get(key)
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    raise StoryError(raw.line, f"`{key}` is a date: 2022-08-23")


def _step(number: int, raw: _Mapping, day: date | None, clients: dict[str, Any]) -> Step:
    if day is None:
        raise StoryError(raw.line, "the first step needs its day: `on: 2022-08-23`")
    if "do" not in raw and "expect" not in raw:
        raise StoryError(raw.line, "a step has `do` or `expect`")
    if "do" in raw and "who" not in raw:
        raise StoryError(raw.line, "say `who` does it")
    if raw.get("with") is not None and not isinstance(raw["with"], dict):
        raise StoryError(raw.line, "`with` is a mapping of the command's fields")
    about = _clients(raw, clients)
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


def _clients(raw: _Mapping, clients: dict[str, Any]) -> tuple[str, ...]:
    value = raw.get("client")
    names = tuple(value) if isinstance(value, list) else () if value is None else (value,)
    if not names and raw.get("who") in clients:
        names = (raw["who"],)
    for name in names:
        if name not in clients:
            raise StoryError(raw.line, f"no client is called {name}; the story's clients: {', '.join(clients)}")
    return names


def _expectation(raw: Any, step: _Mapping, about: tuple[str, ...], clients: dict[str, Any]) -> Expectation:
    if not isinstance(raw, _Mapping) or "as" not in raw:
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


def _pattern(raw: _Mapping, key: str) -> dict[str, Any]:
    found = raw.get(key) or {}
    if not isinstance(found, dict):
        raise StoryError(raw.line, f"`{key}` is a mapping: a field of the view, and what is in it")
    return found
