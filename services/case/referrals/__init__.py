"""Referrals: one organisation asks another to take the client on, and what became of it."""

from events.identity import ClientIntroduced
from events.internal import ReferralNoted, ReferralWithdrawalNoted
from events.referral import ReferralAccepted, ReferralDeclined, ReferralLanded, ReferralMade, ReferralWithdrawn
from services.case.referrals import checks, domain, reactions
from services.case.referrals import commands as c
from services.kit.feature import Feature

FEATURE = Feature(
    name="referrals",
    says=(ReferralMade, ReferralWithdrawn, ReferralAccepted, ReferralDeclined, ReferralLanded, ClientIntroduced, ReferralNoted, ReferralWithdrawalNoted),
    decides={
        c.MakeReferral: domain.make_referral,
        c.WithdrawReferral: domain.withdraw_referral,
        c.AcceptReferral: domain.accept_referral,
        c.DeclineReferral: domain.decline_referral,
        c.RecordLanding: domain.record_landing,
    },
    checks=(checks.check_sent, checks.check_answers, checks.check_landings),
    follows={ReferralMade: domain.introduce},
    reacts={ReferralMade: reactions.note_referral, ReferralWithdrawn: reactions.note_withdrawal},
)
