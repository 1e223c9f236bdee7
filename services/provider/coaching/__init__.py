"""Supported job coaching (tuettu työhönvalmennus)."""

from events.coaching import CoachingMeetingHeld
from services.kit.feature import Feature
from services.provider.coaching import commands as c
from services.provider.coaching import domain, landing

FEATURE = Feature(
    name="coaching",
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
