"""What the client does on their own path."""

from services.case.plan_party import AgreeToVersion
from services.kit.command import roles


class AgreeToActivationPlan(AgreeToVersion):
    """Agree to a version of your activation plan: the newest that you have received, unless you name another."""

    roles = roles("client")
