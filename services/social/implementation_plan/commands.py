"""How the activity is carried out in practice, written with the client."""

from datetime import date
from typing import Annotated

from pydantic import Field

from services.kit.command import Command, Reference, Text, roles

WRITERS = roles("activity_supervisor", "own_social_worker")


class PlanContent(Command):
    """What an implementation plan says."""

    measures: Annotated[tuple[Text, ...], Field(min_length=1)] = Field(
        description="What is done in practice, one thing a line."
    )
    follow_up: Text | None = Field(default=None, description="How it is followed.")
    coaching_included: bool = Field(default=False, description="Coaching happens on activity days.")
    review_on: date | None = Field(default=None, description="The day by which it is looked at again.")


class MakeImplementationPlan(PlanContent):
    """Write the implementation plan."""

    roles = WRITERS
    activity: Reference | None = Field(
        default=None, description="The activity or its decision, where one's own file has it."
    )


class UpdateImplementationPlan(PlanContent):
    """Give the plan a new content; the earlier stays in the file."""

    roles = WRITERS
    implementation_plan: Reference | None = Field(
        default=None, description="The plan; may be left out where there is only one."
    )
