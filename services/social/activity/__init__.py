"""Rehabilitative work activity (kuntouttava työtoiminta)."""

from events.activity import (
    ActivityDaysChanged,
    ActivityDecided,
    ActivityEnded,
    ActivityPaused,
    ActivityResumed,
    ActivityStarted,
    ParticipationRecorded,
    TurningPointReached,
)
from services.kit.feature import Feature
from services.social.activity import commands as c
from services.social.activity import domain

FEATURE = Feature(
    name="activity",
    says=(ActivityDecided, ActivityStarted, ActivityDaysChanged, ActivityPaused, ActivityResumed, ParticipationRecorded, TurningPointReached, ActivityEnded),
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
