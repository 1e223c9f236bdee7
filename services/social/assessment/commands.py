"""What is assessed together with the client."""

from typing import Annotated

from pydantic import Field

from events.assessment import Need, ReadinessItem
from services.kit.command import Command, Text, roles

ASSESSORS = roles("own_social_worker", "activity_supervisor")


class AssessServiceNeed(Command):
    """Assess what the client needs, in the client's and the worker's words (act 1301/2014 § 36)."""

    roles = ASSESSORS
    needs: Annotated[tuple[Need, ...], Field(min_length=1)]
    clients_view: Text | None = None
    summary: Text | None = None


class CheckReadiness(Command):
    """Tick the readiness checklist. It gives direction, never a verdict: no item is required and no score is kept."""

    roles = ASSESSORS
    ticked: tuple[ReadinessItem, ...]
    with_client: bool
    note: Text | None = None
