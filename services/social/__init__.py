"""Social services (sosiaalihuolto): the plan's home, the activity, after-contact."""

from services.kit.feature import Feature
from services.social import activity

FEATURES: tuple[Feature, ...] = (activity.FEATURE,)
