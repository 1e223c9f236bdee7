"""Sick leave and work-ability limits: from a day to a day."""

from typing import Any

from events.health import SickLeaveNoted, WorkAbilityLimitNoted
from services.case.health import commands as c
from services.kit.client_file import At, ClientFile, Draft, copied
from services.kit.errors import Impossible

FROM_TO: tuple[type[Any], ...] = (SickLeaveNoted, WorkAbilityLimitNoted)


def note_sick_leave(file: ClientFile, command: c.NoteSickLeave, at: At) -> list[Draft]:
    return [Draft(copied(command, SickLeaveNoted), command.on or at.today)]


def note_limit(file: ClientFile, command: c.NoteWorkAbilityLimit, at: At) -> list[Draft]:
    return [Draft(copied(command, WorkAbilityLimitNoted), command.on or at.today)]


def check(file: ClientFile) -> None:
    """Raises ``Impossible``: a last day before the first."""
    for noted in file.of(*FROM_TO):
        if noted.says.until is not None and noted.says.until < noted.says.from_day:
            raise Impossible("ends_before_it_starts", "until")
