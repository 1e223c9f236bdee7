"""A party's side of an activation plan whose home is elsewhere: note its versions, agree to one for oneself.

The same for every kind that can be a party, the client included.
"""

from typing import Annotated

from pydantic import Field, StringConstraints

from events.envelope import Fact
from events.internal import PlanVersionNoted
from events.plan import ActivationPlanAgreed, ActivationPlanProposed
from services.kit.client_file import At, ClientFile, Draft
from services.kit.command import Command, Reference
from services.kit.errors import Impossible, Unknown

ContentHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Named = tuple[str, int, str]
"""A version as everybody names it: plan, number, content hash."""


class AgreeToVersion(Command):
    """Left out, it is the newest version noted. Plan, number and hash together name one that was seen on paper."""

    plan: Reference | None = Field(default=None, description="May be left out where one plan awaits agreement.")
    plan_version: int | None = Field(default=None, ge=1, description="The newest noted, if left out.")
    content_hash: ContentHash | None = Field(default=None, description="As printed on the plan.")


def note_version(file: ClientFile, heard: Fact[ActivationPlanProposed], at: At, party: str) -> list[Draft]:
    """Keep a reference to each version that names ``party``; one taken back at its home is taken back here too."""
    says = heard.says
    version = PlanVersionNoted(
        plan=says.plan or heard.ref,
        plan_version=says.plan_version,
        content_hash=says.content_hash,
        home=heard.organisation,
    )
    noted = next((n for n in file.of(PlanVersionNoted) if n.says == version), None)
    if noted is not None and heard.annuls:
        return [Draft(version, noted.occurred_on, corrects=noted.ref, annuls=True)]
    if noted is None and not heard.annuls and party in says.parties:
        return [Draft(version, at.today)]
    return []


def agree(file: ClientFile, command: AgreeToVersion, at: At, party: str) -> list[Draft]:
    """``party`` agrees to the version meant. Raises ``Unknown`` or ``Impossible`` where none or several can be."""
    plan, number, content_hash = _version_meant(file, command)
    agreed = ActivationPlanAgreed(plan=plan, plan_version=number, content_hash=content_hash, party=party)
    return [Draft(agreed, command.on or at.today)]


def _version_meant(file: ClientFile, command: AgreeToVersion) -> Named:
    wanted = (command.plan, command.plan_version, command.content_hash)
    plan, number, content_hash = wanted
    if plan is not None and number is not None and content_hash is not None:
        return plan, number, content_hash
    newest = _newest_of_each_plan(file, wanted)
    if not newest:
        raise Unknown("nothing_to_refer_to" if wanted == (None, None, None) else "unknown_reference", "plan")
    awaiting = [v for v in newest if v not in _agreed(file)] or newest
    if len(awaiting) > 1:
        raise Impossible("say_which_one", "plan")
    return awaiting[0]


def _newest_of_each_plan(file: ClientFile, wanted: tuple[str | None, int | None, str | None]) -> list[Named]:
    noted = [n.says for n in file.of(PlanVersionNoted)]
    fitting = [n for n in noted if all(w in (None, named) for w, named in zip(wanted, _named(n), strict=True))]
    newest = {(n.home, n.plan): n for n in sorted(fitting, key=lambda n: n.plan_version)}  # a plan is its home's
    return [_named(n) for n in newest.values()]


def _named(says: PlanVersionNoted | ActivationPlanAgreed) -> Named:
    return says.plan, says.plan_version, says.content_hash


def _agreed(file: ClientFile) -> list[Named]:
    return [_named(a.says) for a in file.of(ActivationPlanAgreed)]


def check(file: ClientFile) -> None:
    """Raises ``Impossible`` where the same version was agreed to twice."""
    agreed = _agreed(file)
    if len(agreed) != len(set(agreed)):
        raise Impossible("already_agreed", "plan")
