"""Endorsements, recorded in advance so that a later step needs no new paperwork."""

from datetime import date

from pydantic import Field

from events.statement import EndorsementKind
from services.kit.command import Command, Reference, Text, roles

COACH = roles("employment_coach")


class GiveEndorsement(Command):
    """Endorse trial work or pay subsidy."""

    roles = COACH
    endorses: EndorsementKind = Field(description="What is endorsed.")
    valid_until: date | None = Field(default=None, description="The last day included.")
    conditions: Text | None = Field(default=None, description="On which conditions.")


class CancelEndorsement(Command):
    """The endorsement no longer holds."""

    roles = COACH
    endorsement: Reference | None = Field(
        default=None, description="The endorsement; may be left out where only one holds."
    )
    reason: Text = Field(description="Why it no longer holds.")
