"""What cannot be in a plan's file, corrections included."""

from datetime import date

from events.internal import AgreementNoted
from events.plan import ActivationPlanAgreed, ActivationPlanEnded, ActivationPlanInForce, ActivationPlanProposed
from services.kit.client_file import ClientFile, check_all_refer
from services.kit.errors import Impossible
from services.social.activation_plan.versions import (
    OfOneVersion,
    Version,
    agreement_id,
    agreements,
    is_about,
    plan_of,
    versions,
)

OWN_STEPS: tuple[type[OfOneVersion], ...] = (ActivationPlanAgreed, ActivationPlanInForce)


def check(file: ClientFile) -> None:
    """Raises ``Impossible``."""
    for proposed in file.of(ActivationPlanProposed):
        _check_periods(proposed.says)
        _check_unchanged(file, proposed)
        _check_agreements(file, proposed)
        _check_in_force(file, proposed)
    for plan in {plan_of(v) for v in file.of(ActivationPlanProposed)}:
        _check_numbers(file, plan)
        _check_end(file, plan)
    check_all_refer(file, "plan", (ActivationPlanProposed, ActivationPlanEnded), ActivationPlanProposed)
    _check_all_name_a_version(file)


def _check_periods(plan: ActivationPlanProposed) -> None:
    if plan.ends_on < plan.starts_on:
        raise Impossible("ends_before_it_starts", "ends_on")
    for service in plan.services:
        if (service.until or date.max) < (service.from_day or date.min):
            raise Impossible("ends_before_it_starts", "services")


def _check_unchanged(file: ClientFile, version: Version) -> None:
    """A correction may move the day. Other words are a new version, or an agreement would mean something else."""
    original = next(f for f in file.facts if f.fact_id == version.ref)
    if original.says != version.says:
        raise Impossible("edit_is_a_new_version", "plan")


def _check_numbers(file: ClientFile, plan: str) -> None:
    numbers = [v.says.plan_version for v in versions(file, plan)]
    if numbers != list(range(1, len(numbers) + 1)):
        raise Impossible("others_rest_on_it", "fact")


def _check_agreements(file: ClientFile, version: Version) -> None:
    agreed: set[str] = set()
    for fact in file.of(ActivationPlanAgreed):
        if not is_about(fact.says, version):
            continue
        if fact.occurred_on < version.occurred_on:
            raise Impossible("agreed_before_it_was_proposed", "on")
        if fact.says.party in agreed:
            raise Impossible("already_agreed", "party")
        _check_party(file, fact.says, version)
        agreed.add(fact.says.party)


def _check_party(file: ClientFile, agreed: ActivationPlanAgreed, version: Version) -> None:
    if agreed.party not in version.says.parties:
        raise Impossible("not_a_party", "party")
    if agreed.party == file.organisation and agreed.on_behalf_reason is not None:
        raise Impossible("agrees_itself", "party")
    if agreed.party != file.organisation and agreed.on_behalf_reason is None:
        raise Impossible("on_behalf_needs_a_reason", "on_behalf_reason")


def _check_in_force(file: ClientFile, version: Version) -> None:
    declared = [f.says for f in file.of(ActivationPlanInForce) if is_about(f.says, version)]
    standing = {agreement_id(a) for a in agreements(file, version)}
    if any(not standing.issuperset(says.agreements) for says in declared):
        raise Impossible("others_rest_on_it", "fact")


def _check_end(file: ClientFile, plan: str) -> None:
    ends = [e.occurred_on for e in file.of(ActivationPlanEnded) if e.says.plan == plan]
    if len(ends) > 1:
        raise Impossible("already_ended", "plan")
    later = (*versions(file, plan), *(f for f in file.of(*OWN_STEPS) if f.says.plan == plan))
    if any(f.occurred_on > end for f in later for end in ends):
        raise Impossible("outside_the_plan", "on")


def _check_all_name_a_version(file: ClientFile) -> None:
    proposed = file.of(ActivationPlanProposed)
    for fact in file.of(*OWN_STEPS, AgreementNoted):
        if not any(is_about(fact.says, version) for version in proposed):
            raise Impossible("others_rest_on_it", "fact")
