"""Opening and closing the client's case in one's own organisation."""

from pydantic import Field

from events.case import CloseReason
from services.case.roles import CASE_WORKERS
from services.kit.command import Command, Reference, Text


class OpenCase(Command):
    """Take the client on. Where the case had been closed, it is opened again."""

    roles = CASE_WORKERS
    reason: Text | None = Field(default=None, description="Why the case is opened, in a few words.")


class CloseCase(Command):
    """Close the case: nothing is under way for the client in this organisation."""

    roles = CASE_WORKERS
    case: Reference | None = Field(default=None, description="The opening of the case; the open one, if left out.")
    reason: CloseReason = Field(description="Why the case is closed.")
    note: Text | None = Field(default=None, description="What the next worker should know.")
