"""Staying beside the client after the service ends."""

from datetime import date

from pydantic import Field

from services.kit.command import Command, Reference, Short, roles


class PlanAfterContact(Command):
    """Plan the contact after an ended activity: after one to three months, unless other days are given."""

    roles = roles("own_social_worker")
    activity: Reference | None = Field(
        default=None, description="The ended activity; may be left out where only one awaits its after-contact."
    )
    after_end_on: date | None = Field(
        default=None, description="The activity's last day, where another organisation's file holds the activity."
    )
    earliest_on: date | None = Field(default=None, description="One month after the end, if left out.")
    due_on: date | None = Field(default=None, description="Three months after the end, if left out.")
    person: Short | None = Field(default=None, description="Who makes the contact.")
