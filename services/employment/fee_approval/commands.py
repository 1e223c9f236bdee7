"""What the funder decides on a claim."""

from pydantic import Field

from events.fee import RejectReason, ReopenReason
from services.kit.command import Command, Reference, roles

FUNDER = roles("funder")


class OfClaim(Command):
    """What is decided on a claim received."""

    claim: Reference | None = Field(default=None, description="The claim; may be left out where only one can be meant.")


class ApproveFee(OfClaim):
    """Accept the claim. Also one that was rejected before."""

    roles = FUNDER


class RejectFee(OfClaim):
    """Do not accept the claim, or ask for more."""

    roles = FUNDER
    reason: RejectReason = Field(description="Why, or that more is asked for.")


class ReopenFee(OfClaim):
    """Take a decision back: the claim is open again."""

    roles = FUNDER
    reason: ReopenReason = Field(description="Why the decision is taken back.")


class PayFee(OfClaim):
    """Record that the approved claim was paid on this day."""

    roles = FUNDER
