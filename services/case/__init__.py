"""Features that every kind of organisation has."""

from services.kit.feature import Feature

FEATURES: tuple[Feature, ...] = ()
