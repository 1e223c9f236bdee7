"""Activation plans as their parties hear of them."""

from datetime import date

from events.internal import PlanVersionNoted
from events.plan import ActivationPlanAgreed, ActivationPlanProposed

PARTIES = ("sote", "client", "te")


def version(number: int, plan: str | None = None, parties: tuple[str, ...] = PARTIES) -> ActivationPlanProposed:
    """Version ``number`` as its home tells of it."""
    return ActivationPlanProposed(
        plan=plan, plan_version=number, content_hash=f"{number}" * 64, goals=("Työkokeilu",), services=(),
        parties=parties, starts_on=date(2022, 12, 1), ends_on=date(2023, 11, 30), review_on=date(2023, 3, 1),
    )


def noted(plan: str, says: ActivationPlanProposed, home: str) -> PlanVersionNoted:
    """What a party keeps of it."""
    return PlanVersionNoted(plan=plan, plan_version=says.plan_version, content_hash=says.content_hash, home=home)


def agreed(plan: str, says: ActivationPlanProposed, party: str) -> ActivationPlanAgreed:
    """What a party says to it."""
    return ActivationPlanAgreed(plan=plan, plan_version=says.plan_version, content_hash=says.content_hash, party=party)
