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

    service: Short
    organisation: Short | None = None
    place: Short | None = None
    from_day: date | None = None
    until: date | None = None
    days_per_week: Weekdays | None = None
    hours_per_day: Hours | None = None


class ProposeActivationPlan(Command):
    """Draw up a plan or, with ``plan``, a new version of it. Every edit is a new version that all agree to anew."""

    roles = HOME
    plan: Reference | None = Field(default=None, description="The plan that this edits; a new plan, if left out.")
    goals: Annotated[tuple[Text, ...], Field(min_length=1)]
    services: tuple[ServiceInPlan, ...] = ()
    parties: tuple[Short, ...] | None = Field(
        default=None,
        description="Organisations that must agree beside one's own and the client. Left out in an edit: as before.",
    )
    support: Text | None = None
    trial_work_possible: bool = False
    other_services_possible: bool = False
    starts_on: date
    ends_on: date
    review_on: date


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
    party: Short
    on_behalf_reason: OnBehalfReason


class EndActivationPlan(Command):
    """The plan no longer holds after this day."""

    roles = HOME
    plan: Plan = None
    reason: PlanEndReason
