"""``case``: that a client's case is open or closed, who is responsible, and joint meetings."""

from datetime import date
from typing import Literal

from events.envelope import Ref, Says

CATEGORY = "case"

CloseReason = Literal[
    "goal_reached", "moved_to_other_service", "moved_away", "clients_wish", "no_contact", "deceased", "other"
]


class CaseOpened(Says, frozen=True, kw_only=True):
    """The organisation took the client on. ``reopens`` names the closing that this one follows."""

    reason: str | None = None
    reopens: Ref | None = None


class CaseClosed(Says, frozen=True, kw_only=True):
    """The organisation has nothing more under way for the client."""

    case: Ref
    reason: CloseReason
    note: str | None = None


class WorkerAssigned(Says, frozen=True, kw_only=True):
    """From the day it occurred, ``person`` is responsible for the client in ``worker_role``."""

    worker_role: str
    person: str
    person_name: str
    task: str | None = None


class WorkerSubstituted(Says, frozen=True, kw_only=True):
    """While the responsible worker is away, ``substitute`` acts for them (last day included)."""

    worker_role: str
    absent: str
    substitute: str
    substitute_name: str
    from_day: date
    until: date


class JointMeetingHeld(Says, frozen=True, kw_only=True):
    """The parties met with or without the client. ``participants`` are organisations."""

    participants: tuple[str, ...]
    client_present: bool
    place: str | None = None
    topic: str | None = None
    agreed: tuple[str, ...] = ()
