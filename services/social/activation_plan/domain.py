"""The plan's home decides: versions, agreements, what is in force. Every party agrees to one and the same version."""

import msgspec

from events.envelope import Fact
from events.internal import AgreementNoted
from events.plan import (
    ActivationPlanAgreed,
    ActivationPlanEnded,
    ActivationPlanInForce,
    ActivationPlanProposed,
    OnBehalfReason,
    PlannedService,
)
from services.kit.client_file import At, ClientFile, Draft, copied
from services.kit.command import Command
from services.kit.errors import Impossible
from services.social.activation_plan import commands as c
from services.social.activation_plan.versions import (
    Version,
    agreement_id,
    agreements,
    content_hash,
    has_ended,
    is_in_force,
    open_plan,
    plan_of,
    the_version,
    versions,
)


def propose(file: ClientFile, command: c.ProposeActivationPlan, at: At) -> list[Draft]:
    earlier = [] if command.plan is None else open_plan(file, command.plan)
    content = copied(
        command, ActivationPlanProposed,
        plan=plan_of(earlier[0]) if earlier else None,
        plan_version=len(earlier) + 1,
        content_hash="",
        services=tuple(PlannedService(**s.model_dump()) for s in command.services),
        parties=_parties(file, command, earlier),
    )
    return [Draft(msgspec.structs.replace(content, content_hash=content_hash(content)), command.on or at.today)]


def _parties(file: ClientFile, command: c.ProposeActivationPlan, earlier: list[Version]) -> tuple[str, ...]:
    if command.parties is None and earlier:
        return earlier[-1].says.parties
    return tuple(dict.fromkeys((file.organisation, "client", *(command.parties or ()))))


def agree(file: ClientFile, command: c.AgreeToActivationPlan, at: At) -> list[Draft]:
    version = the_version(file, command.plan, command.plan_version)
    return [_agreed(file, version, file.organisation, None, command, at)]


def record_agreement_on_behalf(file: ClientFile, command: c.RecordAgreementOnBehalf, at: At) -> list[Draft]:
    version = the_version(file, command.plan, command.plan_version)
    return [_agreed(file, version, command.party, command.on_behalf_reason, command, at)]


def _agreed(
    file: ClientFile, version: Version, party: str, reason: OnBehalfReason | None, command: Command, at: At
) -> Draft:
    if any(a.says.party == party for a in agreements(file, version)):
        raise Impossible("already_agreed", "party" if reason else "plan")
    agreed = ActivationPlanAgreed(
        plan=plan_of(version),
        plan_version=version.says.plan_version,
        content_hash=version.says.content_hash,
        party=party,
        on_behalf_reason=reason,
    )
    return Draft(agreed, command.on or at.today)


def end_plan(file: ClientFile, command: c.EndActivationPlan, at: At) -> list[Draft]:
    plan = plan_of(open_plan(file, command.plan)[0])
    return [Draft(ActivationPlanEnded(plan=plan, reason=command.reason), command.on or at.today)]


def declare_in_force(
    file: ClientFile, agreed: Fact[ActivationPlanAgreed] | Fact[AgreementNoted], at: At
) -> list[Draft]:
    """The newest version is in force as soon as each of its parties has agreed to it; from the day the last one did.

    An agreement to an older version has no effect: the version in force holds until the next one is.
    """
    plan = agreed.says.plan
    found = versions(file, plan)
    if not found or has_ended(file, plan) or is_in_force(file, found[-1]):
        return []
    newest, all_agreed = found[-1], agreements(file, found[-1])
    if not {a.says.party for a in all_agreed} >= set(newest.says.parties):
        return []
    in_force = copied(
        newest.says, ActivationPlanInForce, plan=plan, agreements=tuple(agreement_id(a) for a in all_agreed)
    )
    return [Draft(in_force, max(f.occurred_on for f in (newest, *all_agreed)))]
