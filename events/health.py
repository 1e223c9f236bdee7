"""``health``: sick leave and work-ability limits. Never bundled with another consent, always its own tick."""

from datetime import date
from typing import Literal

from events.envelope import Says

CATEGORY = "health"

ToldAtWork = Literal["not_told", "told_by_client", "told_by_coach_as_agreed"]


class SickLeaveNoted(Says, frozen=True, kw_only=True):
    """The client is on sick leave from–until (last day included). No diagnosis is recorded."""

    from_day: date
    until: date
    certificate_seen: bool


class WorkAbilityLimitNoted(Says, frozen=True, kw_only=True):
    """A limit that the work must respect, and whether the client wants it told at the workplace."""

    limit: str
    from_day: date
    until: date | None = None
    told_at_work: ToldAtWork = "not_told"
