"""Every path that a story leaves, as each organisation and role sees it on some days: to compare two installations."""

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from services.kit.config import CONSENT_CLERK
from services.kit.errors import Refused
from services.scenario.people import People
from services.scenario.story import Story
from services.scenario.views import as_plain, console

ID = re.compile(r"\b(?:[0-9a-f]{32}|id-\d+)\b")
Paths = dict[tuple[str, str, str, date], Any]
"""(client, organisation, role, day) → the path, or the code of the refusal."""


def days_of(story: Story, count: int = 4) -> list[date]:
    """The last day of a story and some before it, evenly."""
    days = sorted({step.on for step in story.steps})
    return [*days[:: max(len(days) // count, 1)][:count], days[-1]]


def paths_of(platform: Any, people: People, story: Story) -> Paths:
    """Of a ``Platform``, or of one whose organisations run apart. Everybody looks once before: a first look is told to
    the client on a ground that is then noted, and so may change what the next one sees."""
    days = days_of(story)
    _looks(platform, people, story, days[-1:])
    platform.settle()
    return _looks(platform, people, story, days)


def _looks(platform: Any, people: People, story: Story, days: list[date]) -> Paths:
    return {
        (client, organisation.id, role, day): _path(people, client, organisation, role, day)
        for client in story.clients
        for organisation in platform.organisations.values()
        for role in organisation.config.roles
        if role != CONSENT_CLERK
        for day in days
    }


def _path(people: People, client: str, organisation: Any, role: str, day: date) -> Any:
    try:
        path = organisation.path(people.client_ref(client), console(organisation, role), day)
    except Refused as refused:
        return refused.code
    return _renumbered(_ordered(as_plain(path)))


def _ordered(path: Any) -> Any:
    """Rows of one day by organisation, of one organisation in the order of its file: which of two organisations told first is the log's to say, not the story's."""
    path["timeline"].sort(key=lambda row: (row["on"], row["organisation"]))
    return path


def _renumbered(path: Any) -> Any:
    """Ids are made anew in each play: they are numbered as they come."""
    numbers: dict[str, str] = {}
    text = ID.sub(lambda found: numbers.setdefault(found[0], f"id-{len(numbers)}"), json.dumps(path, ensure_ascii=False))
    return json.loads(text)


def without_grounds(paths: Paths) -> Paths:
    """The same, without what tells when a statutory ground was first needed: who is refused, or sees less for a moment, while
    something is wrong is told to the client on a ground that nobody needed otherwise, or not yet."""
    return {place: path if isinstance(path, str) else _without_grounds(path) for place, path in paths.items()}


def _without_grounds(path: Any) -> Any:
    return _renumbered(
        path | {
            "timeline": [row for row in path["timeline"] if row["type"] != "StatutoryGroundNoted"],
            "consent": [row for row in path["consent"] if row["instrument"] != "statutory"],
        }
    )


def differences(here: Paths, there: Paths) -> Iterator[str]:
    """What is otherwise, and where."""
    assert here.keys() == there.keys()
    for place, path in here.items():
        if path != there[place]:
            yield f"{place}: {_first_difference(path, there[place])}"


def _first_difference(here: Any, there: Any, at: str = "") -> str:
    if isinstance(here, dict) and isinstance(there, dict):
        for key in here.keys() | there.keys():
            if here.get(key) != there.get(key):
                return _first_difference(here.get(key), there.get(key), f"{at}.{key}")
    if isinstance(here, list) and isinstance(there, list):
        for n, (one, other) in enumerate(zip(here, there, strict=False)):
            if one != other:
                return _first_difference(one, other, f"{at}[{n}]")
        shorter = min(len(here), len(there))
        here, there, at = here[shorter:], there[shorter:], f"{at}[{shorter}:]"
    return f"{at}: {here!r} / {there!r}"
