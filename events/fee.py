"""``fee``: milestones between a provider and its funder. A fee fact names the kind of milestone and
opaque references; it says "steered", never where to, and never why.

An answer names in ``to`` the provider that it answers: nobody else learns of it by a contract of their own."""

from typing import Literal

from events.envelope import Ref, Says

CATEGORY = "fee"

Milestone = Literal["start_fee", "steering_fee", "result_fee"]
RejectReason = Literal[
    "condition_not_met", "evidence_missing", "wrong_period", "already_paid", "more_information_needed", "other"
]
ReopenReason = Literal["evidence_corrected", "evidence_annulled", "decision_corrected"]


class FeeMilestoneRecorded(Says, frozen=True, kw_only=True):
    """The provider holds that the contract's condition was met on the day it occurred."""

    milestone: Milestone
    coaching: Ref
    evidence: tuple[Ref, ...]
    condition_met: bool = True


class FeeClaimed(Says, frozen=True, kw_only=True):
    """The provider asks ``funder`` to pay the milestone."""

    fee: Ref
    milestone: Milestone
    coaching: Ref
    funder: str


class FeeApproved(Says, frozen=True, kw_only=True):
    """The funder accepts the claim. Never by the person who claimed."""

    claim: Ref
    fee: Ref
    to: str | None = None


class FeeRejected(Says, frozen=True, kw_only=True):
    """The funder does not accept the claim, or asks for more."""

    claim: Ref
    fee: Ref
    reason: RejectReason
    to: str | None = None


class FeeReopened(Says, frozen=True, kw_only=True):
    """A proving event was corrected, or the decision was wrong: the claim is open again."""

    claim: Ref
    fee: Ref
    reason: ReopenReason
    to: str | None = None


class FeePaid(Says, frozen=True, kw_only=True):
    """The approved claim was paid on the day it occurred."""

    claim: Ref
    fee: Ref
    to: str | None = None
