"""What can be told of a story before anything of it is played: people, acts, fields, names. Each with its line."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from services.kit.bootstrap import Platform
from services.kit.command import Command
from services.kit.errors import Refused, Unknown
from services.kit.organisation import Organisation
from services.kit.register import valid_hetu
from services.kit.words import tables
from services.scenario.acts import OPEN, REGISTER, command_of, known_acts
from services.scenario.document import StoryError
from services.scenario.people import People
from services.scenario.story import Expectation, Step, Story

SOME_FACT = "0" * 32
"""Stands for a fact that an earlier step will have made."""

OF_THE_CLIENT = ("disclosures", "consents")


def rehearse(story: Story, platform: Platform, people: People) -> None:
    """Raises ``StoryError`` with the line of the first thing that can never be."""
    _check_people(story, platform)
    _check_clients(story)
    named: set[tuple[str, str]] = set()
    for step in story.steps:
        _check_code(step.refused, step.line)
        _check_references(step, named)
        _check_act(step, platform, people)
        named |= {(step.name, client) for client in step.clients if step.name}
        for expectation in step.expect:
            _check_code(expectation.refused, expectation.line)
            _check_viewer(expectation, platform)
            _check_named((expectation.sees, expectation.hides), expectation.client, named, expectation.line)


def _check_people(story: Story, platform: Platform) -> None:
    for who, details in story.people.items():
        line = getattr(details, "line", 0)
        organisation = platform.organisations.get(details["organisation"])
        if organisation is None:
            raise StoryError(line, _there_is_no("organisation", details["organisation"], platform.organisations))
        for role in details["roles"]:
            if role not in organisation.config.roles:
                raise StoryError(line, f"{who}: {_there_is_no('role', role, organisation.config.roles)}")


def _check_clients(story: Story) -> None:
    for name, details in story.clients.items():
        try:
            valid_hetu(str(details.get("hetu", "")))
        except Refused:
            line = getattr(details, "line", 0)
            raise StoryError(line, f"{name}: `hetu` is not an identity code (of test people: 900–999)") from None


def _check_code(code: str | None, line: int) -> None:
    if code is not None and code not in tables():
        raise StoryError(line, f"there is no refusal `{code}`; the codes stand in COMMANDS.md")


def _check_references(step: Step, named: set[tuple[str, str]]) -> None:
    for client in step.clients:
        _check_named(step.given, client, named, step.line)


def _check_named(value: Any, client: str | None, named: set[tuple[str, str]], line: int) -> None:
    for reference in references(value):
        if (reference, client) not in named:
            raise StoryError(line, f"no earlier step about {client} is called `{reference}` (`as: {reference}`)")


def references(value: Any) -> Iterator[str]:
    """The names of steps that ``$name`` and ``$name.FactName`` refer to, wherever they stand."""
    if isinstance(value, str) and value.startswith("$"):
        yield value[1:].partition(".")[0]
    elif isinstance(value, dict):
        yield from (r for v in value.values() for r in references(v))
    elif isinstance(value, (list, tuple)):
        yield from (r for v in value for r in references(v))


def _check_act(step: Step, platform: Platform, people: People) -> None:
    if step.do is None:
        return
    organisation = _organisation(step, platform, people)
    if step.do in (REGISTER, OPEN):
        return
    try:
        _, command = command_of(platform, organisation, step.do)
    except Unknown as refusal:
        if step.refused != refusal.code:
            there = ", ".join(known_acts(platform, organisation))
            raise StoryError(step.line, f"{organisation.id} has no command `{step.do}`; it has: {there}") from None
        return
    if step.refused != "invalid_input":
        validated(command, _with_some_fact(step.given), step)


def _organisation(step: Step, platform: Platform, people: People) -> Organisation:
    try:
        return platform.organisations[people.organisation(step.who or "")]
    except LookupError as error:
        raise StoryError(step.line, str(error.args[0])) from None


def _with_some_fact(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("$"):
        return SOME_FACT
    if isinstance(value, dict):
        return {k: _with_some_fact(v) for k, v in value.items()}
    return [_with_some_fact(v) for v in value] if isinstance(value, list) else value


def validated(command: type[Command], given: dict[str, Any], step: Step) -> Command:
    """The command with its fields. Raises ``StoryError`` naming the field, never its value."""
    try:
        return command.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        hint = _hint(command, given, field) if first["type"] == "extra_forbidden" else ""
        raise StoryError(step.line, f"{step.do}: `{field}`: {first['msg']}{hint}") from None


def _hint(command: type[Command], given: dict[str, Any], field: str) -> str:
    if field in given and given[field] is None:
        return "; a text with a comma in it stands in quotes"
    return "" if "." in field else f"; known: {', '.join(command.model_fields)}"


def _check_viewer(expected: Expectation, platform: Platform) -> None:
    organisation = platform.organisations.get(expected.organisation)
    if organisation is None:
        raise StoryError(expected.line, _there_is_no("organisation", expected.organisation, platform.organisations))
    if expected.view in OF_THE_CLIENT and organisation is not platform.home:
        raise StoryError(expected.line, f"the view `{expected.view}` is the client's: `as: {platform.home.id}`")
    if expected.role is not None and expected.role not in organisation.config.roles and expected.refused is None:
        raise StoryError(expected.line, _there_is_no("role", expected.role, organisation.config.roles))


def _there_is_no(what: str, name: Any, there_are: Any) -> str:
    return f"there is no {what} {name}; there are: {', '.join(there_are)}"
