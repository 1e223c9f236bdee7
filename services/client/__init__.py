"""The client's own place (kind client): their path; the authority that keeps consents stands beside it."""

from services.client import my_path
from services.kit.feature import Feature

FEATURES: tuple[Feature, ...] = (my_path.FEATURE,)
