"""Correcting one's own entries and taking them back. Nothing is edited or erased."""

from services.case.corrections import commands as c
from services.case.corrections import domain
from services.kit.feature import Feature

FEATURE = Feature(
    name="corrections",
    decides={c.CorrectEntry: domain.correct_entry, c.AnnulEntry: domain.annul_entry},
)
