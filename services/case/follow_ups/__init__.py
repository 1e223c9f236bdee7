"""Follow-ups: contacts planned for after something began or ended (after-contact among them)."""

from events.follow_up import FollowUpCancelled, FollowUpDone, FollowUpPlanned
from services.case.follow_ups import commands as c
from services.case.follow_ups import domain
from services.kit.feature import Feature

FEATURE = Feature(
    name="follow_ups",
    says=(FollowUpPlanned, FollowUpDone, FollowUpCancelled),
    decides={c.PlanFollowUp: domain.plan, c.DoFollowUp: domain.do, c.CancelFollowUp: domain.cancel},
    checks=(domain.check,),
)
