"""What is recorded of a client's job."""

from pydantic import Field

from events.coaching import JobEndReason, SupportTo
from services.kit.command import Command, Reference, Short, Text
from services.provider.roles import COACHES


class StartJob(Command):
    """Record that the client began a job. A job may outlive the coaching, or begin after it."""

    roles = COACHES
    coaching: Reference | None = Field(
        default=None,
        description="The coaching that led to the job; may be left out where only one can be meant: "
        "the one under way or, where none is, the only one that has ended.",
    )
    employer: Short = Field(description="The employer's name.")
    sector: Short | None = Field(default=None, description="The employer's sector.")
    title: Short = Field(description="The job's title.")
    open_market: bool = Field(description="Whether it is a job in the open labour market.")
    subsidised: bool = Field(default=False, description="Whether a pay subsidy is paid for it.")
    permanent: bool = Field(description="Whether it is for an indefinite period.")
    hours_per_week: float | None = Field(default=None, description="Agreed hours a week.")


class OfJob(Command):
    """What is said of a job."""

    roles = COACHES
    job: Reference | None = Field(default=None, description="The job; may be left out where only one goes on.")


class GiveInWorkSupport(OfJob):
    """Record support in the job: shortly before it, during it, or soon after it ended (quality criterion 23)."""

    to: SupportTo = Field(description="Who was supported.")
    face_to_face: bool = Field(description="Whether the support was given face to face.")
    topic: Text | None = Field(default=None, description="What the support was about.")


class EndJob(OfJob):
    """Record that the job ended; this day was its last."""

    reason: JobEndReason = Field(description="Why the job ended.")
