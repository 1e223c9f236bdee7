"""Contacts with employers for a client."""

from events.coaching import EmployerMet
from services.kit.feature import Feature
from services.provider.coaching.domain import check
from services.provider.employer_contacts import commands as c
from services.provider.employer_contacts import domain

FEATURE = Feature(
    name="employer_contacts", says=(EmployerMet,), decides={c.MeetEmployer: domain.meet_employer}, checks=(check,)
)
