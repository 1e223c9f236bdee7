"""The activation plan (aktivointisuunnitelma) at its home: only the home declares it in force."""

from events.internal import AgreementNoted
from events.plan import ActivationPlanAgreed, ActivationPlanEnded, ActivationPlanInForce, ActivationPlanProposed
from services.kit.feature import Feature
from services.social.activation_plan import checks, domain, reactions
from services.social.activation_plan import commands as c

FEATURE = Feature(
    name="activation_plan",
    says=(ActivationPlanProposed, ActivationPlanAgreed, ActivationPlanInForce, ActivationPlanEnded, AgreementNoted),
    decides={
        c.ProposeActivationPlan: domain.propose,
        c.AgreeToActivationPlan: domain.agree,
        c.RecordAgreementOnBehalf: domain.record_agreement_on_behalf,
        c.EndActivationPlan: domain.end_plan,
    },
    checks=(checks.check,),
    follows={
        ActivationPlanAgreed: domain.declare_in_force,
        AgreementNoted: domain.declare_in_force,
    },
    reacts={ActivationPlanAgreed: reactions.note_agreement},
)
