"""``internal``: what never leaves the organisation. References to others' facts, and own notes."""

from typing import Literal

from events.envelope import INTERNAL, Ref, Says

CATEGORY = INTERNAL


class NoteWritten(Says, frozen=True, kw_only=True):
    """A note for one's own organisation."""

    note: str


class ReferralNoted(Says, frozen=True, kw_only=True):
    """A referral to this organisation was seen on the shared log."""

    referral: Ref
    sender: str


class ReferralWithdrawalNoted(Says, frozen=True, kw_only=True):
    """The sender has taken a referral to this organisation back."""

    referral: Ref


class PlanVersionNoted(Says, frozen=True, kw_only=True):
    """A version of an activation plan to which this organisation is a party was seen."""

    plan: Ref
    plan_version: int
    content_hash: str
    home: str


class AgreementNoted(Says, frozen=True, kw_only=True):
    """The plan's home keeps each agreement that it has received, by reference."""

    plan: Ref
    plan_version: int
    content_hash: str
    party: str
    agreement: Ref


class FeeClaimNoted(Says, frozen=True, kw_only=True):
    """The funder has received a claim. ``claimed_by`` is kept so that whoever claimed can never approve."""

    claim: Ref
    fee: Ref
    provider: str
    claimed_by: str


class FeeDecisionNoted(Says, frozen=True, kw_only=True):
    """The other side's word on a claim was received: the funder's decision, or the provider's reopening."""

    claim: Ref
    fee: Ref
    decision: Literal["approved", "rejected", "reopened", "paid"]
    fact: Ref
