"""Notes for one's own organisation."""

from services.case.notes import commands as c
from services.case.notes import domain
from services.kit.feature import Feature

FEATURE = Feature(name="notes", decides={c.WriteNote: domain.write})
