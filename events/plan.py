"""``plan``: the activation plan (act 189/2001 § 5–9) and the implementation plan."""

from datetime import date
from typing import Literal

import msgspec

from events.envelope import Ref, Says

CATEGORY = "plan"

OnBehalfReason = Literal["said_in_joint_meeting", "signed_on_paper", "by_phone", "not_connected_to_platform", "no_consent"]
PlanEndReason = Literal["replaced", "goal_reached", "client_moved", "activity_not_continued", "other"]


class PlannedService(msgspec.Struct, frozen=True, kw_only=True):
    """One service in a plan: what, by whom, when, how much (act 189/2001 § 9)."""

    service: str
    organisation: str | None = None
    place: str | None = None
    from_day: date | None = None
    until: date | None = None
    days_per_week: int | None = None
    hours_per_day: float | None = None


class ActivationPlanProposed(Says, frozen=True, kw_only=True):
    """One version of the plan, drawn up by its home (social services). Any edit is a new version.

    ``plan`` is the fact_id of the first version (missing there: the first version is the plan).
    ``content_hash`` is what the parties agree to; ``parties`` are organisation ids and "client".
    """

    plan: Ref | None = None
    plan_version: int
    content_hash: str
    goals: tuple[str, ...]
    services: tuple[PlannedService, ...]
    parties: tuple[str, ...]
    support: str | None = None
    trial_work_possible: bool = False
    other_services_possible: bool = False
    starts_on: date
    ends_on: date
    review_on: date


class ActivationPlanAgreed(Says, frozen=True, kw_only=True):
    """``party`` agrees to one version of the plan. On somebody's behalf only with a coded reason."""

    plan: Ref
    plan_version: int
    content_hash: str
    party: str
    on_behalf_reason: OnBehalfReason | None = None


class ActivationPlanInForce(Says, frozen=True, kw_only=True):
    """Every party has agreed to this version; it holds until the next one is in force."""

    plan: Ref
    plan_version: int
    content_hash: str
    agreements: tuple[Ref, ...]


class ActivationPlanEnded(Says, frozen=True, kw_only=True):
    """The plan no longer holds."""

    plan: Ref
    reason: PlanEndReason


class ImplementationPlanMade(Says, frozen=True, kw_only=True):
    """How the activity is carried out in practice, written with the client."""

    activity: Ref | None = None
    measures: tuple[str, ...]
    follow_up: str | None = None
    coaching_included: bool = False
    review_on: date | None = None


class ImplementationPlanUpdated(Says, frozen=True, kw_only=True):
    """A new content of the implementation plan; the earlier stays in the file."""

    implementation_plan: Ref
    measures: tuple[str, ...]
    follow_up: str | None = None
    coaching_included: bool = False
    review_on: date | None = None
