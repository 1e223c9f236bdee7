"""Supported job coaching (tuettu työhönvalmennus)."""

from events.coaching import (
    BenefitsAdviceGiven,
    CoachingEnded,
    CoachingExtended,
    CoachingMeetingHeld,
    CoachingStarted,
    NextStepTaken,
    ProfileUpdated,
)
from services.kit.feature import Feature
from services.provider.coaching import commands as c
from services.provider.coaching import domain, landing

FEATURE = Feature(
    name="coaching",
    says=(CoachingStarted, CoachingExtended, CoachingMeetingHeld, ProfileUpdated, NextStepTaken, BenefitsAdviceGiven, CoachingEnded),
    decides={
        c.StartCoaching: domain.start_coaching,
        c.HoldCoachingMeeting: domain.hold_meeting,
        c.UpdateProfile: domain.update_profile,
        c.GiveBenefitsAdvice: domain.give_benefits_advice,
        c.ExtendCoaching: domain.extend,
        c.TakeNextStep: domain.take_next_step,
        c.EndCoaching: domain.end_coaching,
    },
    checks=(domain.check,),
    follows={CoachingMeetingHeld: landing.land},
)
