"""Fee milestones: recorded with what proves them, claimed from the funder, opened again."""

from events.fee import FeeApproved, FeeClaimed, FeeMilestoneRecorded, FeePaid, FeeRejected, FeeReopened
from events.internal import FeeDecisionNoted
from services.kit.feature import Feature
from services.provider.fee_claims import commands as c
from services.provider.fee_claims import domain, evidence, reactions

FEATURE = Feature(
    name="fee_claims",
    says=(FeeMilestoneRecorded, FeeClaimed, FeeReopened, FeeDecisionNoted),
    decides={
        c.RecordFeeMilestone: domain.record_milestone,
        c.ClaimFee: domain.claim_fee,
        c.ReopenFee: domain.reopen_fee,
    },
    checks=(domain.check, evidence.check),
    follows=dict.fromkeys((FeeMilestoneRecorded, *evidence.KINDS), domain.reopen_with_evidence),
    reacts=dict.fromkeys((FeeApproved, FeeRejected, FeeReopened, FeePaid), reactions.note_decision),
)
