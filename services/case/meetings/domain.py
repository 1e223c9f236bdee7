"""Joint meetings: more than one organisation takes part."""

from events.case import JointMeetingHeld
from services.case.meetings import commands as c
from services.kit.client_file import At, ClientFile, Draft, copied
from services.kit.errors import Impossible


def hold(file: ClientFile, command: c.HoldJointMeeting, at: At) -> list[Draft]:
    participants = tuple(dict.fromkeys(command.participants))
    return [Draft(copied(command, JointMeetingHeld, participants=participants), command.on or at.today)]


def check(file: ClientFile) -> None:
    """Raises ``Impossible``: a joint meeting without another organisation."""
    if any(set(f.says.participants) <= {file.organisation} for f in file.of(JointMeetingHeld)):
        raise Impossible("nobody_else_at_the_meeting", "participants")
