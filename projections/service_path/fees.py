"""Fee milestones: recorded and claimed by a provider, decided on and paid by its funder."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from events.envelope import Fact, Says
from events.fee import FeeApproved, FeeClaimed, FeeMilestoneRecorded, FeePaid, FeeRejected, FeeReopened
from projections.service_path.rows import FeeRow, FeeState

_STATE_AFTER: dict[type[Says], FeeState] = {
    FeeApproved: "approved",
    FeeRejected: "rejected",
    FeeReopened: "reopened",
    FeePaid: "paid",
}


@dataclass
class Fee:
    """What is visible of one milestone. Two organisations write it; an answer belongs to its claim."""

    ref: str
    recorded: Fact | None = None
    claims: list[Fact] = field(default_factory=list)
    answers: list[Fact] = field(default_factory=list)


def fees(facts: Sequence[Fact]) -> tuple[FeeRow, ...]:
    """By the day of the first that is visible of each. Effective facts in fold order in."""
    found: dict[str, Fee] = {}
    for fact in facts:
        says = fact.says
        if isinstance(says, FeeMilestoneRecorded):
            found.setdefault(fact.ref, Fee(fact.ref)).recorded = fact
        elif isinstance(says, FeeClaimed):
            found.setdefault(says.fee, Fee(says.fee)).claims.append(fact)
        elif isinstance(says, (FeeApproved, FeeRejected, FeeReopened, FeePaid)):
            found.setdefault(says.fee, Fee(says.fee)).answers.append(fact)
    return tuple(_row(fee) for fee in found.values())


def _answers(answer: Fact, claim: Fact) -> bool:
    """Only its two parties speak of a claim."""
    assert isinstance(claim.says, FeeClaimed)
    parties = (claim.organisation, claim.says.funder)
    return answer.organisation in parties and getattr(answer.says, "claim", None) in (claim.ref, claim.fact_id)


def _row(fee: Fee) -> FeeRow:
    claim = fee.claims[-1] if fee.claims else None
    of_claim = [a for a in fee.answers if claim is None or _answers(a, claim)]
    # Provider and funder may both speak on one day: the moment of writing tells which came last.
    answers = sorted(of_claim, key=lambda a: (a.occurred_on, a.recorded_at, a.organisation, a.source_seq))
    # The claim tells milestone and coaching too, where the milestone itself is not visible.
    told = fee.recorded or claim
    return FeeRow(
        ref=fee.ref,
        organisation=told.organisation if told else None,
        coaching=getattr(told.says, "coaching", None) if told else None,
        milestone=getattr(told.says, "milestone", None) if told else None,
        state=_state(claim, answers),
        claimed_on=claim.occurred_on if claim else None,
        decided_on=_decided_on(answers),
        paid_on=next((a.occurred_on for a in answers if isinstance(a.says, FeePaid)), None),
    )


def _state(claim: Fact | None, answers: Sequence[Fact]) -> FeeState:
    if answers:
        return _STATE_AFTER[type(answers[-1].says)]
    return "recorded" if claim is None else "claimed"


def _decided_on(answers: Sequence[Fact]) -> date | None:
    decisions = [a for a in answers if isinstance(a.says, (FeeApproved, FeeRejected, FeeReopened))]
    if not decisions or isinstance(decisions[-1].says, FeeReopened):
        return None
    return decisions[-1].occurred_on
