"""What the provider does about its pay. A fee says its kind and what proves it, never why a step was taken."""

from pydantic import Field

from events.fee import Milestone
from services.kit.command import Command, Reference, Short
from services.provider.roles import COACHES, LEADERS


class RecordFeeMilestone(Command):
    """Record that a milestone of the contract was reached: once for each coaching."""

    roles = COACHES
    milestone: Milestone = Field(
        description="Which part of the pay: the start, a step to another right place, or a job."
    )
    coaching: Reference | None = Field(default=None, description="The coaching; that of the evidence, if left out.")
    evidence: tuple[Reference, ...] = Field(
        min_length=1, description="The own entries that prove it. They are only referred to; what they say is not told."
    )


class ClaimFee(Command):
    """Ask the funder to pay a recorded milestone: once, and again only after the funder has rejected it."""

    roles = COACHES
    fee: Reference | None = Field(
        default=None, description="The recorded milestone; may be left out where only one can be claimed."
    )
    funder: Short = Field(description="The id of the organisation that pays.")


class ReopenFee(Command):
    """Open a claim again because the decision on it was wrong. It is then decided anew."""

    roles = LEADERS
    claim: Reference | None = Field(default=None, description="The claim; may be left out where there is only one.")
