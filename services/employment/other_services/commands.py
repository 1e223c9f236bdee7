"""Other services, training and subsidised work."""

from datetime import date

from pydantic import Field

from events.service import ServiceKind, ServiceOutcome
from services.kit.command import Command, Reference, Short, Weekdays, roles

COACH = roles("employment_coach")


class StartService(Command):
    """Record that the client began a service."""

    roles = COACH
    service: ServiceKind = Field(description="What kind of service.")
    title: Short = Field(description="What it is called.")
    ends_on: date | None = Field(default=None, description="The planned last day.")
    days_per_week: Weekdays | None = Field(default=None, description="Days a week, where they are agreed.")
    provided_by: Short | None = Field(default=None, description="Who provides it.")


class EndService(Command):
    """Record the service's last day."""

    roles = COACH
    service: Reference | None = Field(default=None, description="The service; may be left out where only one is open.")
    outcome: ServiceOutcome = Field(description="What came of it.")
