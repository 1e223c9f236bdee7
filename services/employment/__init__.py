"""Employment services and the funder (TE-palvelut, ELY-keskus): which features are on is each installation's choice."""

from services.employment import (
    activation_plan_agreement,
    endorsements,
    fee_approval,
    other_services,
    statements,
    trial_work,
)
from services.kit.feature import Feature

FEATURES: tuple[Feature, ...] = (
    activation_plan_agreement.FEATURE,
    endorsements.FEATURE,
    statements.FEATURE,
    trial_work.FEATURE,
    other_services.FEATURE,
    fee_approval.FEATURE,
)
