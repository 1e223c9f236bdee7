"""Rehabilitative work activity (kuntouttava työtoiminta)."""

from services.kit.feature import Feature
from services.social.activity import commands as c
from services.social.activity import domain

FEATURE = Feature(
    name="activity",
    decides={
        c.DecideActivity: domain.decide_activity,
        c.StartActivity: domain.start_activity,
        c.RecordParticipation: domain.record_participation,
        c.ChangeActivityDays: domain.change_days,
        c.PauseActivity: domain.pause,
        c.ResumeActivity: domain.resume,
        c.ReachTurningPoint: domain.reach_turning_point,
        c.EndActivity: domain.end_activity,
    },
    checks=(domain.check,),
)
