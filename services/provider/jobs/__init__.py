"""Jobs that coaching leads to, and support in them."""

from events.coaching import InWorkSupportGiven, JobEnded, JobStarted
from services.kit.feature import Feature
from services.provider.jobs import commands as c
from services.provider.jobs import domain

FEATURE = Feature(
    name="jobs",
    says=(JobStarted, InWorkSupportGiven, JobEnded),
    decides={
        c.StartJob: domain.start_job,
        c.GiveInWorkSupport: domain.give_in_work_support,
        c.EndJob: domain.end_job,
    },
    checks=(domain.check,),
)
