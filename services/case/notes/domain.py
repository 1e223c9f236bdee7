"""Notes: written down as they are."""

from events.internal import NoteWritten
from services.case.notes import commands as c
from services.kit.client_file import At, ClientFile, Draft, copied


def write(file: ClientFile, command: c.WriteNote, at: At) -> list[Draft]:
    return [Draft(copied(command, NoteWritten), command.on or at.today)]
