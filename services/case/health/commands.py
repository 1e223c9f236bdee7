"""What the services need to know of the client's health, and no more. No diagnosis is recorded."""

from datetime import date

from pydantic import Field

from events.health import ToldAtWork
from services.case.roles import HEALTH_WORKERS
from services.kit.command import Command, Text


class NoteSickLeave(Command):
    """Note a sick leave: its days and whether a certificate was seen."""

    roles = HEALTH_WORKERS
    from_day: date = Field(description="The first day of the sick leave.")
    until: date = Field(description="The last day of the sick leave.")
    certificate_seen: bool = Field(description="Whether the client showed a certificate. Its content is not recorded.")


class NoteWorkAbilityLimit(Command):
    """Note a limit that work must respect. What the workplace is told is the client's own decision."""

    roles = HEALTH_WORKERS
    limit: Text = Field(description="What the work must respect, in terms of work: no heavy lifting, no night shifts.")
    from_day: date = Field(description="The first day of the limit.")
    until: date | None = Field(default=None, description="The last day of the limit, where it is known.")
    told_at_work: ToldAtWork = Field(default="not_told", description="Whether, and by whom, the workplace is told.")
