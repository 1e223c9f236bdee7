"""Trial work (työkokeilu) at an employer."""

from events.trial_work import TrialWorkAgreed, TrialWorkEnded, TrialWorkExtended, TrialWorkInterrupted, TrialWorkStarted
from services.employment.trial_work import commands as c
from services.employment.trial_work import domain
from services.kit.feature import Feature

FEATURE = Feature(
    name="trial_work",
    says=(TrialWorkAgreed, TrialWorkStarted, TrialWorkExtended, TrialWorkInterrupted, TrialWorkEnded),
    decides={
        c.AgreeTrialWork: domain.agree,
        c.StartTrialWork: domain.start,
        c.ExtendTrialWork: domain.extend,
        c.InterruptTrialWork: domain.interrupt,
        c.EndTrialWork: domain.end,
    },
    checks=(domain.check,),
)
