"""``follow_up``: contacts planned for after something ended or began."""

from datetime import date
from typing import Literal

from events.envelope import Ref, Says

CATEGORY = "follow_up"

FollowUpKind = Literal["after_contact", "employer_call", "workplace_visit", "feedback_meeting", "situation_check", "other"]
Situation = Literal[
    "working", "in_service", "studying", "in_rehabilitation", "on_sick_leave", "pensioned", "unemployed",
    "needs_new_start", "not_reached", "other",
]
CancelReason = Literal["situation_changed", "client_moved", "clients_wish", "planned_by_mistake", "other"]


class FollowUpPlanned(Says, frozen=True, kw_only=True):
    """Somebody of this organisation contacts the client on ``due_on``; ``earliest_on`` opens the window."""

    kind: FollowUpKind
    due_on: date
    earliest_on: date | None = None
    after: Ref | None = None
    person: str | None = None


class FollowUpDone(Says, frozen=True, kw_only=True):
    """The contact was made, or tried."""

    follow_up: Ref
    situation: Situation
    note: str | None = None


class FollowUpCancelled(Says, frozen=True, kw_only=True):
    """The contact is no longer to be made."""

    follow_up: Ref
    reason: CancelReason
