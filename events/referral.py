"""``referral``: one organisation asks another to take the client on, and what became of it."""

from datetime import date
from typing import Literal

from events.envelope import Ref, Says

CATEGORY = "referral"

DeclineReason = Literal["no_capacity", "not_the_right_service", "client_did_not_want", "not_reached", "other"]
WithdrawReason = Literal["need_changed", "client_did_not_want", "made_by_mistake", "other"]


class ReferralMade(Says, frozen=True, kw_only=True):
    """``to`` is asked to begin ``service``. ``answer_by`` is the day an answer is expected.

    With ``introduces``, a ``ClientIntroduced`` is written beside it: the receiver does not know the client yet.
    """

    to: str
    service: str
    reason: str
    clients_wish: str | None = None
    answer_by: date | None = None
    introduces: bool = True


class ReferralAccepted(Says, frozen=True, kw_only=True):
    """The receiver takes the client on. ``referral`` is missing where it came on paper."""

    referral: Ref | None = None
    sender: str
    first_meeting_on: date | None = None


class ReferralDeclined(Says, frozen=True, kw_only=True):
    """The receiver does not take the client on; the sender stays responsible."""

    referral: Ref | None = None
    sender: str
    reason: DeclineReason
    note: str | None = None


class ReferralWithdrawn(Says, frozen=True, kw_only=True):
    """The sender takes the referral back from the organisation that it was made to."""

    referral: Ref
    to: str
    reason: WithdrawReason
    note: str | None = None


class ReferralLanded(Says, frozen=True, kw_only=True):
    """Observed, not promised: ``evidence`` is the first meeting or the service's start.

    ``referral`` names the receiver's own acceptance where the referral came on paper.
    """

    referral: Ref | None = None
    sender: str
    evidence: Ref
