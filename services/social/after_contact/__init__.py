"""After-contact (jälkikontaktointi): the social worker contacts the client again after the activity."""

from events.follow_up import FollowUpPlanned
from services.case.follow_ups import domain as follow_ups
from services.kit.feature import Feature
from services.social.after_contact import commands as c
from services.social.after_contact import domain

FEATURE = Feature(
    name="after_contact",
    says=(FollowUpPlanned,),
    decides={c.PlanAfterContact: domain.plan_after_contact},
    checks=(follow_ups.check, domain.check),
)
