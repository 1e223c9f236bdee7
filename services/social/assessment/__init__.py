"""Need for service, and readiness for the next step."""

from events.assessment import ReadinessChecked, ServiceNeedAssessed
from services.kit.feature import Feature
from services.social.assessment import commands as c
from services.social.assessment import domain

FEATURE = Feature(
    name="assessment",
    says=(ServiceNeedAssessed, ReadinessChecked),
    decides={
        c.AssessServiceNeed: domain.assess_service_need,
        c.CheckReadiness: domain.check_readiness,
    },
)
