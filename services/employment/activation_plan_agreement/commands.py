"""What the employment services do with a plan made elsewhere."""

from services.case.plan_party import AgreeToVersion
from services.kit.command import roles


class AgreeToActivationPlan(AgreeToVersion):
    """Agree to a version of the client's activation plan for one's own organisation (act 189/2001 § 5)."""

    roles = roles("employment_coach")
