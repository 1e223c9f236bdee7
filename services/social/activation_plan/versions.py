"""Reading a plan from the file: its versions, who has agreed to which, what is in force."""

import hashlib

import msgspec

from events.envelope import Fact
from events.internal import AgreementNoted
from events.plan import ActivationPlanAgreed, ActivationPlanEnded, ActivationPlanInForce, ActivationPlanProposed
from services.kit.client_file import ClientFile, the_one
from services.kit.errors import Impossible, Unknown

Version = Fact[ActivationPlanProposed]
Agreement = Fact[ActivationPlanAgreed] | Fact[AgreementNoted]
OfOneVersion = ActivationPlanAgreed | AgreementNoted | ActivationPlanInForce

CONTENT = (
    "goals", "services", "parties", "support", "trial_work_possible", "other_services_possible",
    "starts_on", "ends_on", "review_on",
)


def content_hash(proposed: ActivationPlanProposed) -> str:
    """SHA-256 (hex) of the version's content as canonical JSON: what the parties agree to."""
    content = {field: getattr(proposed, field) for field in CONTENT}
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()


def plan_of(version: Version) -> str:
    """The id of the plan: the fact_id of its first version."""
    return version.says.plan or version.ref


def versions(file: ClientFile, plan: str) -> list[Version]:
    """The plan's versions, the newest last."""
    found = [v for v in file.of(ActivationPlanProposed) if plan_of(v) == plan]
    return sorted(found, key=lambda v: v.says.plan_version)


def is_about(says: OfOneVersion, version: Version) -> bool:
    """Whether number and hash are this version's."""
    named = (says.plan, says.plan_version, says.content_hash)
    return named == (plan_of(version), version.says.plan_version, version.says.content_hash)


def agreements(file: ClientFile, version: Version) -> list[Agreement]:
    """Own agreements to the version, then those heard from others."""
    own = [a for a in file.of(ActivationPlanAgreed) if is_about(a.says, version)]
    return [*own, *(n for n in file.of(AgreementNoted) if is_about(n.says, version))]


def agreement_id(agreement: Agreement) -> str:
    """The id of the agreement itself, for a noted one at its source."""
    return agreement.says.agreement if isinstance(agreement.says, AgreementNoted) else agreement.ref


def is_in_force(file: ClientFile, version: Version) -> bool:
    """Whether the version was declared in force."""
    return any(is_about(f.says, version) for f in file.of(ActivationPlanInForce))


def has_ended(file: ClientFile, plan: str) -> bool:
    """Whether the plan was ended."""
    return any(e.says.plan == plan for e in file.of(ActivationPlanEnded))


def open_plan(file: ClientFile, ref: str | None) -> list[Version]:
    """The versions of the plan that ``ref`` names by any of them or, left out, of the only one not ended.

    Raises as ``the_one`` does, and ``Impossible("already_ended")``.
    """
    named = the_one(
        file, ref, ActivationPlanProposed, field="plan",
        among=lambda v: v.says.plan is None and not has_ended(file, v.ref),
    )
    if has_ended(file, plan_of(named)):
        raise Impossible("already_ended", "plan")
    return versions(file, plan_of(named))


def the_version(file: ClientFile, plan: str | None, number: int | None) -> Version:
    """The version of an open plan by its number; the newest, if left out. Raises ``Unknown``, ``Impossible``."""
    found = open_plan(file, plan)
    if number is None:
        return found[-1]
    for version in found:
        if version.says.plan_version == number:
            return version
    raise Unknown("unknown_reference", "plan_version")
