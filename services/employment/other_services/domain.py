"""Other services: started, then ended once."""

from events.service import ServiceEnded, ServiceStarted
from services.employment.other_services import commands as c
from services.kit.client_file import At, ClientFile, Draft, check_all_refer, copied, lacking, referring, the_one
from services.kit.errors import Impossible


def start(file: ClientFile, command: c.StartService, at: At) -> list[Draft]:
    return [Draft(copied(command, ServiceStarted), command.on or at.today)]


def end(file: ClientFile, command: c.EndService, at: At) -> list[Draft]:
    not_ended = lacking(file, "service", ServiceEnded)
    started = the_one(file, command.service, ServiceStarted, field="service", among=not_ended)
    return [Draft(copied(command, ServiceEnded, service=started.ref), command.on or at.today)]


def check(file: ClientFile) -> None:
    """Raises ``Impossible``: an end, planned or real, before the beginning; ended twice."""
    for started in file.of(ServiceStarted):
        if started.says.ends_on is not None and started.says.ends_on < started.occurred_on:
            raise Impossible("ends_before_it_starts", "ends_on")
        ended = referring(file, started, "service", ServiceEnded)
        if len(ended) > 1:
            raise Impossible("already_ended", "service")
        if ended and ended[0].occurred_on < started.occurred_on:
            raise Impossible("ends_before_it_starts", "on")
    check_all_refer(file, "service", [ServiceEnded], ServiceStarted)
