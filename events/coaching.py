"""``coaching``: supported job coaching and the jobs it leads to."""

from datetime import date
from typing import Literal

from events.envelope import Ref, Says

CATEGORY = "coaching"

Direction = Literal["job_search", "education_and_skills", "work_ability_and_rehabilitation"]
NextStep = Literal[
    "trial_work", "open_market_job", "subsidised_job", "education", "entrepreneurship", "rehabilitation",
    "sick_leave", "pension", "other",
]
CoachingEndReason = Literal[
    "period_ended", "employment", "education", "trial_work", "rehabilitation", "clients_wish", "moved", "other"
]
JobEndReason = Literal["fixed_term_ended", "employer_ended", "client_ended", "next_job", "other"]
Initiative = Literal["clients_wish", "coach", "employer"]
SupportTo = Literal["client", "employer", "both"]


class CoachingStarted(Says, frozen=True, kw_only=True):
    """Coaching began; ``until`` is the last day of the agreed period (usually three months)."""

    until: date
    direction: Direction
    days_per_week: int | None = None
    place: str | None = None
    referral: Ref | None = None


class CoachingMeetingHeld(Says, frozen=True, kw_only=True):
    """Coach and client met."""

    coaching: Ref
    place: str | None = None
    face_to_face: bool = True
    topic: str | None = None


class ProfileUpdated(Says, frozen=True, kw_only=True):
    """The vocational profile: in the first 2–3 meetings and after each work experience."""

    coaching: Ref
    strengths: tuple[str, ...] = ()
    wishes: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    support_needed: tuple[str, ...] = ()


class EmployerMet(Says, frozen=True, kw_only=True):
    """A contact with an employer for this client; ``initiative`` says whose wish it started from."""

    coaching: Ref
    employer: str
    sector: str | None = None
    face_to_face: bool
    client_present: bool = False
    initiative: Initiative = "clients_wish"
    purpose: str | None = None


class BenefitsAdviceGiven(Says, frozen=True, kw_only=True):
    """Advice on how work affects benefits, from a specialist where one was there."""

    coaching: Ref
    by_specialist: bool
    topic: str | None = None


class CoachingExtended(Says, frozen=True, kw_only=True):
    """The period goes on to a later day."""

    coaching: Ref
    until: date


class JobStarted(Says, frozen=True, kw_only=True):
    """The client began a job on the day it occurred."""

    coaching: Ref | None = None
    employer: str
    sector: str | None = None
    title: str
    open_market: bool
    subsidised: bool = False
    permanent: bool
    hours_per_week: float | None = None


class JobEnded(Says, frozen=True, kw_only=True):
    """The day it occurred was the last day of the job."""

    job: Ref
    reason: JobEndReason


class InWorkSupportGiven(Says, frozen=True, kw_only=True):
    """Support in the job, to the client, the employer or both."""

    job: Ref
    to: SupportTo
    face_to_face: bool
    topic: str | None = None


class NextStepTaken(Says, frozen=True, kw_only=True):
    """The client stepped forward from coaching."""

    coaching: Ref
    step: NextStep


class CoachingEnded(Says, frozen=True, kw_only=True):
    """The day it occurred was the last day of coaching."""

    coaching: Ref
    reason: CoachingEndReason
