"""Social services (sosiaalihuolto): the plan's home, the activity, after-contact."""

from services.kit.feature import Feature
from services.social import activation_plan, activity, after_contact, assessment, implementation_plan

FEATURES: tuple[Feature, ...] = (
    assessment.FEATURE,
    activation_plan.FEATURE,
    activity.FEATURE,
    implementation_plan.FEATURE,
    after_contact.FEATURE,
)
