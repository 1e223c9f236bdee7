"""Planning a later contact with the client or the employer, and what became of it."""

from datetime import date

from pydantic import Field

from events.follow_up import CancelReason, FollowUpKind, Situation
from services.case.roles import CASE_WORKERS
from services.kit.command import Command, Reference, Short, Text


class PlanFollowUp(Command):
    """Plan a contact for a later day."""

    roles = CASE_WORKERS
    kind: FollowUpKind = Field(description="What kind of contact it will be.")
    due_on: date = Field(description="The day by which the contact is made.")
    earliest_on: date | None = Field(default=None, description="The first day on which the contact makes sense.")
    after: Reference | None = Field(
        default=None, description="The entry after which the contact comes, own or another's."
    )
    person: Short | None = Field(default=None, description="The id of the worker who makes the contact.")


class OfFollowUp(Command):
    """What became of a planned follow-up."""

    roles = CASE_WORKERS
    follow_up: Reference | None = Field(
        default=None, description="The planned follow-up; may be left out where only one is waiting."
    )


class DoFollowUp(OfFollowUp):
    """Record that the contact was made, or tried, and how the client was."""

    situation: Situation = Field(description="The client's situation on that day.")
    note: Text | None = Field(default=None, description="What was talked about.")


class CancelFollowUp(OfFollowUp):
    """Record that the contact is no longer to be made."""

    reason: CancelReason = Field(description="Why the contact is not made.")
