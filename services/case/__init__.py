"""Features that every kind of organisation has."""

from services.case import cases, corrections, follow_ups, health, meetings, notes, referrals, responsible_workers
from services.kit.feature import Feature

FEATURES: tuple[Feature, ...] = (
    cases.FEATURE,
    responsible_workers.FEATURE,
    referrals.FEATURE,
    meetings.FEATURE,
    follow_ups.FEATURE,
    health.FEATURE,
    notes.FEATURE,
    corrections.FEATURE,
)
