"""What the plan's home does with it (act 189/2001 § 5–9)."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from events.plan import OnBehalfReason, PlanEndReason
from services.kit.command import Command, Hours, Reference, Short, Text, Weekdays, roles

HOME = roles("own_social_worker")

Plan = Annotated[Reference | None, Field(description="Any version of the plan; may be left out where one plan is open.")]
Version = Annotated[int | None, Field(ge=1, description="The version's number; the newest, if left out.")]


class ServiceInPlan(BaseModel):
    """One service: what, by whom, when, how much (act 189/2001 § 9)."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    service: Short = Field(description="What: activity, coaching, trial work, any other.")
    organisation: Short | None = Field(default=None, description="The id of the organisation that carries it out.")
    place: Short | None = Field(default=None, description="Where.")
    from_day: date | None = Field(default=None, description="The first day.")
    until: date | None = Field(default=None, description="The last day.")
    days_per_week: Weekdays | None = Field(default=None, description="Days a week.")
    hours_per_day: Hours | None = Field(default=None, description="Hours a day.")


class ProposeActivationPlan(Command):
    """Draw up a plan or, with ``plan``, a new version of it. Every edit is a new version that all agree to anew."""

    roles = HOME
    plan: Reference | None = Field(default=None, description="The plan that this edits; a new plan, if left out.")
    goals: Annotated[tuple[Text, ...], Field(min_length=1)] = Field(
        description="What the client is heading for, one goal a line."
    )
    services: tuple[ServiceInPlan, ...] = Field(default=(), description="What the plan holds.")
    parties: tuple[Short, ...] | None = Field(
        default=None,
        description="Organisations that must agree beside one's own and the client. Left out in an edit: as before.",
    )
    support: Text | None = Field(default=None, description="What support the client gets.")
    trial_work_possible: bool = Field(default=False, description="Names trial work in advance and broadly.")
    other_services_possible: bool = Field(
        default=False, description="Names other employment services in advance and broadly."
    )
    starts_on: date = Field(description="The plan's first day.")
    ends_on: date = Field(description="The plan's last day.")
    review_on: date = Field(description="The day by which the plan is looked at again.")


class AgreeToActivationPlan(Command):
    """Agree to a version for one's own organisation."""

    roles = HOME
    plan: Plan = None
    plan_version: Version = None


class RecordAgreementOnBehalf(Command):
    """Record that another party agreed: said in the meeting, on paper, or by phone."""

    roles = HOME
    plan: Plan = None
    plan_version: Version = None
    party: Short = Field(description="Who agreed: an organisation's id, or `client`.")
    on_behalf_reason: OnBehalfReason = Field(description="How they said so, or why they cannot say so themselves.")


class EndActivationPlan(Command):
    """The plan no longer holds after this day."""

    roles = HOME
    plan: Plan = None
    reason: PlanEndReason = Field(description="Why the plan ends.")
