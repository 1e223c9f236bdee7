"""Fee claims: each milestone recorded once for a coaching, claimed once, and opened again in plain sight."""

from collections import Counter
from typing import Literal

from events.catalogue import KNOWN
from events.coaching import CoachingStarted
from events.envelope import Fact
from events.fee import FeeClaimed, FeeMilestoneRecorded, FeeReopened
from events.internal import FeeDecisionNoted
from services.kit.client_file import At, ClientFile, Draft, check_all_refer, copied, referring, the_one
from services.kit.errors import Impossible, Unknown
from services.provider.fee_claims import commands as c
from services.provider.fee_claims.evidence import FITS, coaching_of


def record_milestone(file: ClientFile, command: c.RecordFeeMilestone, at: At) -> list[Draft]:
    proof = [_proof(file, command, ref) for ref in dict.fromkeys(command.evidence)]
    named = command.coaching or coaching_of(file, proof[0])
    if named is None:
        raise Impossible("evidence_of_another_coaching", "evidence")
    coaching = the_one(file, named, CoachingStarted, field="coaching")
    evidence = tuple(f.ref for f in proof)
    says = copied(command, FeeMilestoneRecorded, coaching=coaching.ref, evidence=evidence)
    return [Draft(says, command.on or at.today)]


def _proof(file: ClientFile, command: c.RecordFeeMilestone, ref: str) -> Fact:
    evidence = file.find(ref, *KNOWN.values())
    if evidence is None:
        raise Unknown("unknown_reference", "evidence")
    if not isinstance(evidence.says, FITS[command.milestone]):
        raise Impossible("evidence_does_not_fit", "evidence")
    return evidence


def claim_fee(file: ClientFile, command: c.ClaimFee, at: At) -> list[Draft]:
    fee = the_one(file, command.fee, FeeMilestoneRecorded, field="fee", among=lambda f: _claimable(file, f))
    if not _claimable(file, fee):
        raise Impossible("fee_already_claimed", "fee")
    says = copied(command, FeeClaimed, fee=fee.ref, milestone=fee.says.milestone, coaching=fee.says.coaching)
    return [Draft(says, command.on or at.today)]


def _claimable(file: ClientFile, fee: Fact[FeeMilestoneRecorded]) -> bool:
    claims = referring(file, fee, "fee", FeeClaimed)
    return not claims or _last_word(file, claims[-1]) == "rejected"


def _last_word(file: ClientFile, claim: Fact[FeeClaimed]) -> str | None:
    """What was last heard of the claim, or that it was opened again here; in the order they were written."""
    words = {f.source_seq: str(f.says.decision) for f in referring(file, claim, "claim", FeeDecisionNoted)}
    words |= {f.source_seq: "reopened" for f in referring(file, claim, "claim", FeeReopened)}
    return words[max(words)] if words else None


def reopen_fee(file: ClientFile, command: c.ReopenFee, at: At) -> list[Draft]:
    claim = the_one(file, command.claim, FeeClaimed, field="claim")
    says = FeeReopened(claim=claim.ref, fee=claim.says.fee, reason="decision_corrected")
    return [Draft(says, command.on or at.today)]


def reopen_with_evidence(file: ClientFile, evidence: Fact, at: At) -> list[Draft]:
    """A later correction of what proves a claimed milestone re-opens the claim: money never moves silently."""
    if evidence.corrects is None:
        return []
    proved = [f for f in file.of(FeeMilestoneRecorded) if evidence.ref in (f.ref, *f.says.evidence)]
    last_claims = [claims[-1] for f in proved if (claims := referring(file, f, "fee", FeeClaimed))]
    return [Draft(_reopened(claim, evidence), at.today, because=(evidence.ref,)) for claim in last_claims]


def _reopened(claim: Fact[FeeClaimed], evidence: Fact) -> FeeReopened:
    reason: Literal["evidence_annulled", "evidence_corrected"]
    reason = "evidence_annulled" if evidence.annuls else "evidence_corrected"
    return FeeReopened(claim=claim.ref, fee=claim.says.fee, reason=reason)


# What cannot be.


def check(file: ClientFile) -> None:
    """Raises ``Impossible``: recorded twice, claimed before or otherwise than recorded, a reopening undone."""
    check_all_refer(file, "fee", [FeeClaimed], FeeMilestoneRecorded)
    check_all_refer(file, "claim", [FeeReopened, FeeDecisionNoted], FeeClaimed)
    recorded = Counter((f.says.coaching, f.says.milestone) for f in file.of(FeeMilestoneRecorded))
    if any(n > 1 for n in recorded.values()):
        raise Impossible("milestone_already_recorded", "milestone")
    if any(f.corrects and isinstance(f.says, FeeReopened) for f in file.facts):
        raise Impossible("reopening_stands", "fact")
    for fee in file.of(FeeMilestoneRecorded):
        claims = referring(file, fee, "fee", FeeClaimed)
        if len(claims) > 1 + _times_rejected(file, fee):
            raise Impossible("fee_already_claimed", "fee")
        for claim in claims:
            _check_claim(fee, claim)


def _times_rejected(file: ClientFile, fee: Fact[FeeMilestoneRecorded]) -> int:
    """As ever heard: a rejection that the funder takes back later does not undo the claim made again on it."""
    heard = (f.says for f in file.facts if f.corrects is None)
    return sum(isinstance(s, FeeDecisionNoted) and s.decision == "rejected" and s.fee == fee.ref for s in heard)


def _check_claim(fee: Fact[FeeMilestoneRecorded], claim: Fact[FeeClaimed]) -> None:
    if (claim.says.milestone, claim.says.coaching) != (fee.says.milestone, fee.says.coaching):
        raise Impossible("others_rest_on_it", "fact")
    if claim.occurred_on < fee.occurred_on:
        raise Impossible("claimed_before_recorded", "on")
