"""The implementation plan (toteuttamissuunnitelma) of the activity."""

from events.plan import ImplementationPlanMade, ImplementationPlanUpdated
from services.kit.feature import Feature
from services.social.implementation_plan import commands as c
from services.social.implementation_plan import domain

FEATURE = Feature(
    name="implementation_plan",
    says=(ImplementationPlanMade, ImplementationPlanUpdated),
    decides={
        c.MakeImplementationPlan: domain.make,
        c.UpdateImplementationPlan: domain.update,
    },
    checks=(domain.check,),
)
