"""What is assessed together with the client."""

from typing import Annotated

from pydantic import Field

from events.assessment import Need, ReadinessItem
from services.kit.command import Command, Text, roles

ASSESSORS = roles("own_social_worker", "activity_supervisor")


class AssessServiceNeed(Command):
    """Assess what the client needs, in the client's and the worker's words (act 1301/2014 § 36)."""

    roles = ASSESSORS
    needs: Annotated[tuple[Need, ...], Field(min_length=1)] = Field(description="What help is needed with.")
    clients_view: Text | None = Field(default=None, description="The need in the client's own words.")
    summary: Text | None = Field(default=None, description="The worker's summary.")


class CheckReadiness(Command):
    """Tick the readiness checklist. It gives direction, never a verdict: no item is required and no score is kept."""

    roles = ASSESSORS
    ticked: tuple[ReadinessItem, ...] = Field(description="The items that hold; none is required.")
    with_client: bool = Field(description="Whether the list was gone through with the client.")
    note: Text | None = Field(default=None, description="What was talked about it.")
