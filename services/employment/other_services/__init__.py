"""Other services of the employment services: training, career coaching, subsidised work."""

from events.service import ServiceEnded, ServiceStarted
from services.employment.other_services import commands as c
from services.employment.other_services import domain
from services.kit.feature import Feature

FEATURE = Feature(
    name="other_services",
    says=(ServiceStarted, ServiceEnded),
    decides={
        c.StartService: domain.start,
        c.EndService: domain.end,
    },
    checks=(domain.check,),
)
