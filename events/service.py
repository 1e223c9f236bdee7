"""``service``: any other service, training or subsidised work."""

from datetime import date
from typing import Literal

from events.envelope import Ref, Says

CATEGORY = "service"

ServiceKind = Literal[
    "career_coaching", "job_search_coaching", "labour_market_training", "integration_training", "education",
    "subsidised_work", "work_ability_assessment", "rehabilitation", "other",
]
ServiceOutcome = Literal["completed", "employed", "education", "interrupted", "moved_to_other_service", "other"]


class ServiceStarted(Says, frozen=True, kw_only=True):
    """The client began a service on the day it occurred; ``ends_on`` is the planned last day."""

    service: ServiceKind
    title: str
    ends_on: date | None = None
    days_per_week: int | None = None
    provided_by: str | None = None


class ServiceEnded(Says, frozen=True, kw_only=True):
    """The day it occurred was the last day of the service."""

    service: Ref
    outcome: ServiceOutcome
