"""What a job coach does with a client."""

from datetime import date

from pydantic import Field

from events.coaching import CoachingEndReason, Direction, NextStep
from services.kit.command import Command, Reference, Short, Text, Weekdays
from services.provider.roles import COACHES


class StartCoaching(Command):
    """Start supported job coaching: usually for three months."""

    roles = COACHES
    until: date = Field(description="The last day of the agreed period.")
    direction: Direction = Field(description="Where the coaching heads, as agreed with the client.")
    days_per_week: Weekdays | None = Field(default=None, description="Days a week, 1–5, where they are agreed.")
    place: Short | None = Field(default=None, description="Where coach and client meet, such as the client's workshop.")
    referral: Reference | None = Field(
        default=None,
        description="The accepted referral, or the acceptance where it came on paper; "
        "may be left out where at most one waits for its coaching.",
    )


class DuringCoaching(Command):
    """What is said of coaching under way."""

    roles = COACHES
    coaching: Reference | None = Field(
        default=None, description="The coaching; may be left out where only one is under way."
    )


class HoldCoachingMeeting(DuringCoaching):
    """Record a meeting of coach and client. The first one shows that an accepted referral has landed."""

    place: Short | None = Field(default=None, description="Where they met.")
    face_to_face: bool = Field(default=True, description="Whether they met face to face.")
    topic: Text | None = Field(default=None, description="What the meeting was about.")


class UpdateProfile(DuringCoaching):
    """Write the client's vocational profile: in the first meetings, and again after each work experience."""

    strengths: tuple[Text, ...] = Field(default=(), description="What the client is good at.")
    wishes: tuple[Text, ...] = Field(default=(), description="What the client wishes of work.")
    skills: tuple[Text, ...] = Field(default=(), description="What the client has learnt or done.")
    support_needed: tuple[Text, ...] = Field(default=(), description="What support helps the client at work.")


class GiveBenefitsAdvice(DuringCoaching):
    """Record advice on how work affects the client's benefits."""

    by_specialist: bool = Field(description="Whether a benefits specialist gave the advice.")
    topic: Text | None = Field(default=None, description="What the advice was about.")


class ExtendCoaching(DuringCoaching):
    """Extend the period to a later day."""

    until: date = Field(description="The new last day of the period.")


class TakeNextStep(DuringCoaching):
    """Record the client's step forward from coaching. The coaching itself goes on until it is ended."""

    step: NextStep = Field(description="Where the step leads.")


class EndCoaching(DuringCoaching):
    """End the coaching; this day was its last."""

    reason: CoachingEndReason = Field(description="Why the coaching ended.")
