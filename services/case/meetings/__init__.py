"""Joint meetings of the parties."""

from events.case import JointMeetingHeld
from services.case.meetings import commands as c
from services.case.meetings import domain
from services.kit.feature import Feature

FEATURE = Feature(name="meetings", says=(JointMeetingHeld,), decides={c.HoldJointMeeting: domain.hold}, checks=(domain.check,))
