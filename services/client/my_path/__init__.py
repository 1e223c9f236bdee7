"""The client's own path: the client agrees to the plan themself."""

from events.internal import PlanVersionNoted
from events.plan import ActivationPlanAgreed, ActivationPlanProposed
from services.client.my_path import commands as c
from services.client.my_path import domain
from services.kit.feature import Feature

FEATURE = Feature(
    name="my_path",
    says=(ActivationPlanAgreed, PlanVersionNoted),
    decides={c.AgreeToActivationPlan: domain.agree},
    checks=(domain.check,),
    reacts={ActivationPlanProposed: domain.note_version},
)
