"""The question "what is this client's path on this day?" as row types. Dates ISO, lists never null.

Null means "not known to this viewer"; ``began_before`` says that the beginning is not visible and is not guessed.
``ref`` names the entry that a row rests on. ``organisation`` is an organisation's id.
"""

from datetime import date
from typing import Literal

import msgspec

ServiceState = Literal["decided", "agreed", "running", "paused", "ended", "interrupted"]
PlanState = Literal["proposed", "agreed_in_part", "in_force", "ended"]
StatementState = Literal["in_force", "ahead", "ended", "cancelled"]
FeeState = Literal["recorded", "claimed", "approved", "rejected", "reopened", "paid"]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all rows."""


class ClientRow(Row, frozen=True, kw_only=True):
    """``name`` is null for a role that does not see it."""

    ref: str
    name: str | None


class ViewerRow(Row, frozen=True, kw_only=True):
    organisation: str
    role: str


class SubstituteRow(Row, frozen=True, kw_only=True):
    """Who acts while the responsible worker is away, ``until`` being the last day."""

    person: str
    until: date


class ResponsibleRow(Row, frozen=True, kw_only=True):
    """``person`` is a name to show; ``person_id`` the organisation's own id of the person."""

    organisation: str
    role: str
    person: str
    person_id: str
    since: date
    substitute: SubstituteRow | None = None


class PlannedServiceRow(Row, frozen=True, kw_only=True, rename={"from_day": "from"}):
    service: str
    organisation: str | None
    place: str | None
    from_day: date | None
    until: date | None
    days_per_week: int | None
    hours_per_day: float | None


class AgreedByRow(Row, frozen=True, kw_only=True):
    party: str
    on: date
    on_behalf_reason: str | None


class ImplementationPlanRow(Row, frozen=True, kw_only=True):
    measures: tuple[str, ...]
    follow_up: str | None
    review_on: date | None
    coaching_included: bool
    on: date


class NextVersionRow(Row, frozen=True, kw_only=True):
    """A newer version, of this plan or another, that is proposed while one is in force."""

    plan: str
    version: int
    proposed_on: date
    agreed_by: tuple[AgreedByRow, ...]


class PlanRow(Row, frozen=True, kw_only=True):
    """The current activation plan. Its own fields are null where only an implementation plan is visible."""

    plan: str | None = None
    version: int | None = None
    state: PlanState | None = None
    organisation: str | None = None
    goals: tuple[str, ...] = ()
    services: tuple[PlannedServiceRow, ...] = ()
    parties: tuple[str, ...] = ()
    agreed_by: tuple[AgreedByRow, ...] = ()
    starts_on: date | None = None
    ends_on: date | None = None
    review_on: date | None = None
    trial_work_possible: bool = False
    other_services_possible: bool = False
    began_before: bool = False
    next_version: NextVersionRow | None = None
    implementation_plan: ImplementationPlanRow | None = None


class PauseRow(Row, frozen=True, kw_only=True, rename={"from_day": "from"}):
    """``until`` is the last day of the pause: planned while it lasts (or null), actual once it is over."""

    from_day: date
    until: date | None


class DaysRow(Row, frozen=True, kw_only=True, rename={"from_day": "from"}):
    """So many days a week from this day on."""

    from_day: date
    days_per_week: int


class ServiceRow(Row, frozen=True, kw_only=True):
    """One service. ``title`` is a job's title or a trial's tasks, ``place`` an employer or a workshop, ``direction``
    that of coaching. ``starts_on`` is the planned day until it has begun; ``ends_on`` the actual last day once it
    has ended, else the planned one. ``days`` is how ``days_per_week`` came about."""

    ref: str
    service: str
    organisation: str
    title: str | None
    place: str | None
    direction: str | None
    state: ServiceState
    began_before: bool
    starts_on: date | None
    planned_end: date | None
    ends_on: date | None
    days_per_week: int | None
    outcome: str | None
    next_step: str | None
    pauses: tuple[PauseRow, ...]
    days: tuple[DaysRow, ...]


class StatementRow(Row, frozen=True, kw_only=True, rename={"from_day": "from"}):
    """What the statement says now; ``corrected`` when it once said something else."""

    ref: str
    organisation: str
    measure: str | None
    measure_ref: str | None
    from_day: date | None
    until: date | None
    days_per_week: int | None
    paying: bool | None
    state: StatementState
    given_on: date | None
    corrected: bool
    began_before: bool


class EndorsementRow(Row, frozen=True, kw_only=True):
    """A puolto, recorded in advance."""

    ref: str
    organisation: str
    endorses: str
    given_on: date
    valid_until: date | None
    conditions: str | None
    state: Literal["in_force", "ended", "cancelled"]


class FeeRow(Row, frozen=True, kw_only=True):
    """One milestone. ``decided_on`` is null while no decision stands (a reopened claim has none)."""

    ref: str
    organisation: str | None
    coaching: str | None
    milestone: str | None
    state: FeeState
    claimed_on: date | None
    decided_on: date | None
    paid_on: date | None


class FollowUpRow(Row, frozen=True, kw_only=True):
    """A contact planned for after something. Not planned here, as far as is visible: ``began_before``."""

    ref: str
    kind: str | None
    organisation: str
    due_on: date | None
    earliest_on: date | None
    state: Literal["planned", "done", "cancelled"]
    done_on: date | None
    situation: str | None
    began_before: bool


class ConsentRow(Row, frozen=True, kw_only=True, rename={"source": "from", "recipient": "to"}):
    """What ``source`` may tell ``recipient`` for ``purpose``, ``until`` the last day included (null: until further
    notice)."""

    source: str
    recipient: str
    categories: tuple[str, ...]
    until: date | None
    instrument: str
    purpose: str = "service_coordination"


class TimelineRow(Row, frozen=True, kw_only=True):
    event_id: str
    on: date
    organisation: str
    category: str
    type: str
    text: str


class ServicePath(Row, frozen=True, kw_only=True):
    """The answer. What the viewer may not see is absent, and nothing tells that it is. ``incomplete`` is the reason
    that others' facts cannot be shown now, whatever they are (``consent_state_unknown``), or null."""

    client: ClientRow
    viewer: ViewerRow
    as_of: date
    responsible: tuple[ResponsibleRow, ...] = ()
    plan: PlanRow | None = None
    services: tuple[ServiceRow, ...] = ()
    statements: tuple[StatementRow, ...] = ()
    endorsements: tuple[EndorsementRow, ...] = ()
    fees: tuple[FeeRow, ...] = ()
    follow_ups: tuple[FollowUpRow, ...] = ()
    consent: tuple[ConsentRow, ...] = ()
    attention: tuple[msgspec.Struct, ...] = ()
    timeline: tuple[TimelineRow, ...] = ()
    incomplete: Literal["consent_state_unknown"] | None = None
