"""What the sender and the receiver of a referral do."""

from datetime import date

from pydantic import Field

from events.referral import DeclineReason, WithdrawReason
from services.case.roles import CASE_WORKERS
from services.kit.command import Command, Reference, Short, Text


class MakeReferral(Command):
    """Ask another organisation to take the client on. The sender stays responsible until it has landed."""

    roles = CASE_WORKERS
    to: Short = Field(description="The id of the organisation that is asked.")
    service: Short = Field(description="The service that is asked for.")
    reason: Text = Field(description="Why this service, and why now.")
    clients_wish: Text | None = Field(default=None, description="What the client hopes for, in the client's words.")
    answer_by: date | None = Field(default=None, description="The day by which an answer is expected.")
    introduces: bool = Field(
        default=True,
        description="Whether the client's name and identity code are sent along, sealed, as consent allows.",
    )


class WithdrawReferral(Command):
    """Take back a referral that one's own organisation made."""

    roles = CASE_WORKERS
    referral: Reference | None = Field(
        default=None, description="The referral; may be left out where only one has not been taken back."
    )
    reason: WithdrawReason = Field(description="Why the referral is taken back.")
    note: Text | None = Field(default=None, description="What the receiver should know of it.")


class Answer(Command):
    """An answer to a referral that was seen here, or that came on paper."""

    roles = CASE_WORKERS
    referral: Reference | None = Field(
        default=None,
        description="The referral, as its sender's id; may be left out where only one waits for an answer.",
    )
    sender: Short | None = Field(
        default=None, description="The organisation that referred the client on paper. Not together with a referral."
    )


class AcceptReferral(Answer):
    """Take the referred client on."""

    first_meeting_on: date | None = Field(default=None, description="The day agreed for the first meeting.")


class DeclineReferral(Answer):
    """Do not take the referred client on; the sender stays responsible."""

    reason: DeclineReason = Field(description="Why the client is not taken on.")
    note: Text | None = Field(default=None, description="What could help the sender to find the right place.")


class RecordLanding(Command):
    """Record that an accepted referral has landed: observed, not promised."""

    roles = CASE_WORKERS
    referral: Reference | None = Field(
        default=None,
        description="The accepted referral, or the acceptance where it came on paper; "
        "may be left out where only one has not landed.",
    )
    evidence: Reference = Field(
        description="The own entry that shows it: the first meeting or the start of the service."
    )
    on: date | None = Field(default=None, description="The day it landed; the day of the evidence, if left out.")
