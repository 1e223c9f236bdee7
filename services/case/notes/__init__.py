"""Notes for one's own organisation."""

from events.internal import NoteWritten
from services.case.notes import commands as c
from services.case.notes import domain
from services.kit.feature import Feature

FEATURE = Feature(name="notes", says=(NoteWritten,), decides={c.WriteNote: domain.write})
