"""What proves a milestone: own entries of a fitting kind, of the same coaching (domain brief, section 4).

The contract's conditions are data and judged elsewhere; here stands only what could never prove it.
"""

from typing import Any

from events.coaching import (
    CoachingEnded,
    CoachingMeetingHeld,
    CoachingStarted,
    InWorkSupportGiven,
    JobEnded,
    JobStarted,
    NextStepTaken,
)
from events.envelope import Fact
from events.fee import FeeMilestoneRecorded, FeeReopened, Milestone
from events.referral import ReferralAccepted
from services.case.referrals.domain import name_of
from services.kit.client_file import ClientFile, referring
from services.kit.errors import Impossible

FITS: dict[Milestone, tuple[type[Any], ...]] = {
    "start_fee": (ReferralAccepted, CoachingStarted, CoachingMeetingHeld),
    "steering_fee": (NextStepTaken, CoachingEnded),
    "result_fee": (JobStarted, InWorkSupportGiven, JobEnded),
}

KINDS: tuple[type[Any], ...] = tuple(kind for kinds in FITS.values() for kind in kinds)


def coaching_of(file: ClientFile, evidence: Fact[Any]) -> str | None:
    """The coaching that an entry of one of ``KINDS`` belongs to, where it belongs to one."""
    match evidence.says:
        case CoachingStarted():
            return evidence.ref
        case ReferralAccepted():
            return next((f.ref for f in file.of(CoachingStarted) if f.says.referral == name_of(evidence)), None)
        case InWorkSupportGiven(job=ref) | JobEnded(job=ref):
            job = file.find(ref, JobStarted)
            return job.says.coaching if job is not None else None
        case _:
            coaching: str | None = evidence.says.coaching
            return coaching


def check(file: ClientFile) -> None:
    """Raises ``Impossible`` where a milestone's evidence is gone, later than it, or proves something else.

    Evidence whose correction has reopened the claim is not judged again: the funder sees that it changed.
    """
    for fee in file.of(FeeMilestoneRecorded):
        if not fee.says.evidence:
            raise Impossible("evidence_missing", "evidence")
        told = {ref for f in referring(file, fee, "fee", FeeReopened) for ref in f.because}
        for ref in set(fee.says.evidence) - told:
            _check_proves(file, fee, file.find(ref, *KINDS))


def _check_proves(file: ClientFile, fee: Fact[FeeMilestoneRecorded], evidence: Fact | None) -> None:
    if evidence is None:
        raise Impossible("others_rest_on_it", "fact")
    if not isinstance(evidence.says, FITS[fee.says.milestone]):
        raise Impossible("evidence_does_not_fit", "evidence")
    if coaching_of(file, evidence) != fee.says.coaching:
        raise Impossible("evidence_of_another_coaching", "evidence")
    if evidence.occurred_on > fee.occurred_on:
        raise Impossible("milestone_before_its_evidence", "on")
