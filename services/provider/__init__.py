"""Providers (palveluntuottaja) of supported job coaching: coaching, employers, jobs, fees."""

from services.kit.feature import Feature
from services.provider import coaching, employer_contacts, fee_claims, jobs

FEATURES: tuple[Feature, ...] = (coaching.FEATURE, employer_contacts.FEATURE, jobs.FEATURE, fee_claims.FEATURE)
