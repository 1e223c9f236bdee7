"""Notes that never leave the organisation."""

from pydantic import Field

from services.case.roles import CASE_WORKERS
from services.kit.command import Command, Text


class WriteNote(Command):
    """Write a note for one's own organisation. No consent lets it out."""

    roles = CASE_WORKERS
    note: Text = Field(description="The note. Other organisations never see it.")
