"""Employer contacts: during coaching, whose checks hold for them too."""

from events.coaching import EmployerMet
from services.kit.client_file import At, ClientFile, Draft
from services.provider.coaching.domain import during
from services.provider.employer_contacts import commands as c


def meet_employer(file: ClientFile, command: c.MeetEmployer, at: At) -> list[Draft]:
    return during(file, command, EmployerMet, at)
