"""The plan: of the activation plans' versions the one in force, else the newest proposed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from events.envelope import Fact
from events.plan import ActivationPlanAgreed, ActivationPlanEnded, ActivationPlanInForce, ActivationPlanProposed
from projections.service_path.implementation_plan import implementation_plan
from projections.service_path.rows import AgreedByRow, NextVersionRow, PlannedServiceRow, PlanRow, PlanState

Order = tuple[date, str, int]
CLIENT = "client"
"""The client as a party, and the role in which they act."""


@dataclass
class Version:
    """One version of a plan as far as it is visible: its wording, and that it came into force."""

    plan: str
    number: int
    home: str
    content_hash: str
    proposed: Order | None = None
    in_force: Order | None = None
    wording: ActivationPlanProposed | None = None

    @property
    def order(self) -> Order:
        """When it came into force; until then, when it was proposed."""
        return self.in_force or self.proposed or (date.min, self.home, 0)


def plan(facts: Sequence[Fact]) -> PlanRow | None:
    """The current plan with how it is carried out; null where no plan is visible. Effective facts in fold order in."""
    carried_out = implementation_plan(facts)
    versions = _versions(facts)
    if not versions:
        return None if carried_out is None else PlanRow(implementation_plan=carried_out)
    ended = {(f.organisation, f.says.plan) for f in facts if isinstance(f.says, ActivationPlanEnded)}
    going_on = [v for v in versions if (v.home, v.plan) not in ended]
    # Being in force comes before being proposed, the later before the earlier.
    current = max(going_on or versions, key=lambda v: (v.in_force is not None, v.order, v.number))
    row = _row(current, facts, has_ended=not going_on)
    next_version = _next_version(current, going_on, facts)
    return msgspec.structs.replace(row, next_version=next_version, implementation_plan=carried_out)


def only_goals(row: PlanRow | None) -> PlanRow | None:
    """For a role that sees of a plan only its goals."""
    if row is None or row.plan is None:
        return None
    return PlanRow(plan=row.plan, version=row.version, state=row.state, organisation=row.organisation, goals=row.goals)


def _versions(facts: Sequence[Fact]) -> list[Version]:
    """Only its home proposes a plan's versions and declares them in force: what another organisation says of it is about a
    plan of its own."""
    found: dict[tuple[str, str, int], Version] = {}
    for fact in facts:
        says = fact.says
        if not isinstance(says, (ActivationPlanProposed, ActivationPlanInForce)):
            continue
        plan, number, home = says.plan or fact.ref, says.plan_version, fact.organisation
        version = found.setdefault((home, plan, number), Version(plan, number, home, says.content_hash))
        if isinstance(says, ActivationPlanProposed):
            version.proposed, version.wording = fact.order, says
        else:
            version.in_force = fact.order
    return list(found.values())


def _row(version: Version, facts: Sequence[Fact], has_ended: bool) -> PlanRow:
    agreed_by = _agreed_by(version, facts)
    row = PlanRow(
        plan=version.plan,
        version=version.number,
        state=_state(version, agreed_by, has_ended),
        organisation=version.home,
        agreed_by=agreed_by,
        began_before=version.wording is None,
    )
    return row if version.wording is None else _with_wording(row, version.wording)


def _with_wording(row: PlanRow, wording: ActivationPlanProposed) -> PlanRow:
    return msgspec.structs.replace(
        row,
        goals=wording.goals,
        services=tuple(PlannedServiceRow(**msgspec.structs.asdict(s)) for s in wording.services),
        parties=wording.parties,
        starts_on=wording.starts_on,
        ends_on=wording.ends_on,
        review_on=wording.review_on,
        trial_work_possible=wording.trial_work_possible,
        other_services_possible=wording.other_services_possible,
    )


def _state(version: Version, agreed_by: tuple[AgreedByRow, ...], has_ended: bool) -> PlanState:
    if has_ended:
        return "ended"
    if version.in_force is not None:
        return "in_force"
    return "agreed_in_part" if agreed_by else "proposed"


def _agreed_by(version: Version, facts: Sequence[Fact]) -> tuple[AgreedByRow, ...]:
    """Each party's first agreement to these very words; one to an older version has no effect."""
    meant = (version.plan, version.number, version.content_hash)
    by_party: dict[str, AgreedByRow] = {}
    for fact in facts:
        says = fact.says
        if not isinstance(says, ActivationPlanAgreed) or not _counts(fact, says, version):
            continue
        if (says.plan, says.plan_version, says.content_hash) == meant:
            row = AgreedByRow(party=says.party, on=fact.occurred_on, on_behalf_reason=says.on_behalf_reason)
            by_party.setdefault(says.party, row)
    return tuple(by_party.values())


def _counts(fact: Fact, says: ActivationPlanAgreed, version: Version) -> bool:
    """A party agrees for itself, the client in their own role; for others the plan's home records it with a reason."""
    if says.on_behalf_reason is not None:
        return fact.organisation == version.home
    return says.party == (CLIENT if fact.role == CLIENT else fact.organisation)


def _next_version(current: Version, versions: Sequence[Version], facts: Sequence[Fact]) -> NextVersionRow | None:
    """What is proposed beside a plan in force."""
    newer = [v for v in versions if _newer(v, current)]
    if not newer:
        return None
    version = max(newer, key=lambda v: (v.order, v.number))
    return NextVersionRow(
        plan=version.plan, version=version.number, proposed_on=version.order[0], agreed_by=_agreed_by(version, facts)
    )


def _newer(version: Version, current: Version) -> bool:
    if (version.home, version.plan) == (current.home, current.plan):
        return version.number > current.number
    return version.order > current.order
