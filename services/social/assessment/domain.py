"""Assessment: recorded as it was said. Nothing here can be impossible."""

from events.assessment import ReadinessChecked, ServiceNeedAssessed
from services.kit.client_file import At, ClientFile, Draft, copied
from services.social.assessment import commands as c


def assess_service_need(file: ClientFile, command: c.AssessServiceNeed, at: At) -> list[Draft]:
    return [Draft(copied(command, ServiceNeedAssessed), command.on or at.today)]


def check_readiness(file: ClientFile, command: c.CheckReadiness, at: At) -> list[Draft]:
    return [Draft(copied(command, ReadinessChecked), command.on or at.today)]
