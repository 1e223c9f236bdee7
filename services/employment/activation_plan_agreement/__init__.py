"""The employment services' side of the activation plan, whose home is social services."""

from events.internal import PlanVersionNoted
from events.plan import ActivationPlanAgreed, ActivationPlanProposed
from services.employment.activation_plan_agreement import commands as c
from services.employment.activation_plan_agreement import domain
from services.kit.feature import Feature

FEATURE = Feature(
    name="activation_plan_agreement",
    says=(ActivationPlanAgreed, PlanVersionNoted),
    decides={c.AgreeToActivationPlan: domain.agree},
    checks=(domain.check,),
    reacts={ActivationPlanProposed: domain.note_version},
)
