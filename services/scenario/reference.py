"""Every command of every kind of organisation, as reference. ``deploy/scenarios/COMMANDS.md`` is what this writes."""

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import NamedTuple

from services.client.authority.domain import feature as authority
from services.kit.command import Command
from services.kit.config import KINDS
from services.kit.feature import Feature
from services.kit.words import tables
from services.scenario.fields import FieldWords, fields_of, parts_of

EVERY_KIND = "every kind"
CONSENTS = "consents"

ABOUT = {
    EVERY_KIND: "What every organisation can do, whatever its kind; the client's own place aside.",
    "social": "Organisations of kind `social`, as far as the installation switches the feature on.",
    "employment": "Organisations of kind `employment`, as far as the installation switches the feature on.",
    "provider": "Organisations of kind `provider`.",
    "client": "The client, on their own path.",
    CONSENTS: "The client, and any person with the role `consent_clerk` in their organisation for a client who is there.",
}


class Described(NamedTuple):
    """One command of one feature of one kind."""

    kind: str
    feature: str
    command: type[Command]


def features() -> Iterator[tuple[str, Feature]]:
    """Every feature with the kind that has it, in the order of the reference."""
    yield from ((EVERY_KIND, f) for f in import_module("services.case").FEATURES)
    for kind in KINDS:
        yield from ((kind, f) for f in import_module(f"services.{kind}").FEATURES)
    yield CONSENTS, authority(frozenset())


def commands() -> Iterator[Described]:
    """Every command, in the order of the reference."""
    return (Described(kind, f.name, command) for kind, f in features() for command in f.decides)


def markdown() -> str:
    """The whole reference."""
    return "\n".join([*_head(), *_commands(), *_refusals()]) + "\n"


def _head() -> list[str]:
    return [
        "# Every command",
        "",
        "For `do:` in a story (`README.md` beside this file tells the format). Written by",
        "`palvelupolku commands --markdown`; do not edit by hand.",
        "",
        "Every command takes `on`, the day it happened, if that is not the step's own day; it is never later than that",
        "day. A field whose default is – may be left out; one without a default must be given. Where a field takes a",
        "fact, it takes the name that an earlier step gave it (`as: name` there, `$name` here).",
        "",
    ]


def _commands() -> Iterator[str]:
    kind = feature = ""
    for described in commands():
        if described.kind != kind:
            kind = described.kind
            yield from (f"## {kind.capitalize()}", "", ABOUT[kind], "")
        if described.feature != feature:
            feature = described.feature
            yield from (f"### {feature.replace('_', ' ').capitalize()}", "")
        yield from _command(described.command)


def _command(command: type[Command]) -> Iterator[str]:
    yield from (f"#### `{command.called()}`", "", _one_line(command.__doc__), "")
    yield from ("Roles: " + ", ".join(f"`{r}`" for r in sorted(command.roles)), "")
    if own := [f for f in fields_of(command) if f.name != "on" or f.meaning != _ON]:
        yield from _table(own)
    for part in parts_of(command):
        yield from (f"{part.name}: {_one_line(part.doc)}", "", *_table(part.fields))


_ON = Command.model_fields["on"].description


def _table(fields: Iterable[FieldWords]) -> Iterator[str]:
    yield from ("| Field | Takes | Default | Meaning |", "|---|---|---|---|")
    for f in fields:
        yield f"| `{f.name}` | {f.takes} | {f.default or ''} | {_one_line(f.meaning)} |"
    yield ""


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split()).replace("``", "`")


def _refusals() -> Iterator[str]:
    yield from ("## Every refusal", "", "For `refused:` in a step or an expectation.", "", "| Code | In words |", "|---|---|")
    for code, words in sorted(tables().items()):
        yield f"| `{code}` | {words['en']} |"
