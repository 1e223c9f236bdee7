"""After-contact (jälkikontaktointi): the social worker contacts the client again after the activity."""

from services.case.follow_ups import domain as follow_ups
from services.kit.feature import Feature
from services.social.after_contact import commands as c
from services.social.after_contact import domain

FEATURE = Feature(
    name="after_contact",
    decides={c.PlanAfterContact: domain.plan_after_contact},
    checks=(follow_ups.check, domain.check),
)
