"""A route for each command of an organisation: the command is the body, its name the address."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any

import msgspec
from fastapi import Depends, FastAPI, Header, Response

from events.envelope import Fact
from services.kit.command import Command
from services.kit.config import CONSENT_CLERK
from services.kit.errors import NotAllowed, Unknown
from services.kit.reactor import new_ref
from services.kit.web.answers import Written, WrittenFact, as_json, shown
from services.kit.web.site import ClientRef, Site, Visit

Execute = Callable[[str, Command, Visit, str], tuple[Fact, ...]]
"""(client_ref, command, who, command id) → the new facts."""

GivenBefore = Callable[[str, str], tuple[Fact, ...]]
"""(client_ref, command id) → the facts of a command that was given before."""

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern="^[A-Za-z0-9._-]{1,80}$",
        description="Your own name for this act: sent again, with the same key and body, it is not done again; "
        "with another body it is refused.",
    ),
]


class CommandRow(msgspec.Struct, frozen=True):
    """A command: its name in stories, its address, who may give it and what it does."""

    name: str
    address: str
    roles: tuple[str, ...]
    summary: str


class Commands(msgspec.Struct, frozen=True):
    commands: tuple[CommandRow, ...]


def add_commands(app: FastAPI, site: Site) -> None:
    """Exactly the organisation's own commands and, where it has consent clerks, those on consents."""
    own = list(site.organisation.features.commands.values())
    consents = list(_consent_commands(site))
    for command in own:
        _add(app, site, command, _executing(site), site.organisation.facts_of)
    for command in consents:
        _add(app, site, command, _recording(site), site.desk.recorded)
    rows = [_described(c, c.roles) for c in own] + [_described(c, {CONSENT_CLERK}) for c in consents]
    answer = Commands(tuple(sorted(rows, key=lambda r: r.name)))

    @app.get("/commands", responses={200: shown(Commands, "By name.")}, dependencies=[Depends(site.visit)])
    def list_commands() -> Response:
        """The commands that there are here."""
        return as_json(answer)


def _consent_commands(site: Site) -> Iterable[type[Command]]:
    """What a clerk may record of a client's consents on paper."""
    if site.own is not None or CONSENT_CLERK not in site.organisation.config.roles:
        return []
    return site.desk.commands.values()


def _executing(site: Site) -> Execute:
    def execute(client_ref: str, command: Command, by: Visit, command_id: str) -> tuple[Fact, ...]:
        return site.organisation.execute(client_ref, command, by.actor, command_id)

    return execute


def _recording(site: Site) -> Execute:
    """A consent is recorded at the authority, for a client of one's own organisation only."""

    def execute(client_ref: str, command: Command, by: Visit, command_id: str) -> tuple[Fact, ...]:
        if not site.organisation.is_client_here(client_ref):
            raise Unknown("not_a_client_here")
        if by.actor.role != CONSENT_CLERK:
            raise NotAllowed("role_not_allowed", "role")
        return site.desk.record(client_ref, command, by.actor, command_id)

    return execute


def _add(app: FastAPI, site: Site, command: type[Command], execute: Execute, given_before: GivenBefore) -> None:
    of_client = Depends(site.of_client)

    def give(client_ref: ClientRef, body: Any, by: Visit = of_client, key: Key = None) -> Response:
        act = f"{by.actor.organisation}:{by.actor.person}:{command.called()}:{key or new_ref()}"
        command_id = f"{act}#{site.organisation.mark(body)}" if key else act
        facts = execute(client_ref, body, by, command_id)
        site.wake()
        known = facts or given_before(client_ref, command_id)
        written = Written(tuple(WrittenFact(f.fact_id, f.name, f.category, f.occurred_on) for f in known))
        return as_json(written, 201 if facts else 200)

    give.__annotations__["body"] = command
    app.post(
        f"/clients/{{client_ref}}/{_address(command)}",
        operation_id=command.called(),
        summary=command.called().replace("_", " ").capitalize(),
        description=command.__doc__,
        status_code=201,
        responses={201: shown(Written, "Done."), 200: shown(Written, "It had been done already.")},
    )(give)


def _address(command: type[Command]) -> str:
    return command.called().replace("_", "-")


def _described(command: type[Command], roles: Iterable[str]) -> CommandRow:
    address = f"clients/{{client_ref}}/{_address(command)}"
    return CommandRow(command.called(), address, tuple(sorted(roles)), (command.__doc__ or "").strip())
