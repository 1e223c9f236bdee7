"""The funder's decisions on fee claims. Whoever claimed can never approve; a fee is paid once."""

from events.fee import FeeApproved, FeeClaimed, FeePaid, FeeRejected, FeeReopened
from events.internal import FeeClaimNoted, FeeDecisionNoted
from services.employment.fee_approval import commands as c
from services.employment.fee_approval import domain, reactions
from services.kit.feature import Feature

FEATURE = Feature(
    name="fee_approval",
    says=(FeeApproved, FeeRejected, FeeReopened, FeePaid, FeeClaimNoted, FeeDecisionNoted),
    decides={
        c.ApproveFee: domain.approve,
        c.RejectFee: domain.reject,
        c.ReopenFee: domain.reopen,
        c.PayFee: domain.pay,
    },
    checks=(domain.check,),
    reacts={FeeClaimed: reactions.note_claim, FeeReopened: reactions.note_reopening},
)
