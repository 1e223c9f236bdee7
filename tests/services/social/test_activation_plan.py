from datetime import date
from typing import Any

import msgspec
import pytest

from events.internal import AgreementNoted
from events.plan import (
    ActivationPlanAgreed,
    ActivationPlanEnded,
    ActivationPlanInForce,
    ActivationPlanProposed,
    PlannedService,
)
from services.case.corrections.commands import AnnulEntry, CorrectEntry
from services.kit.errors import Impossible
from services.social.activation_plan.checks import check
from services.social.activation_plan.commands import (
    AgreeToActivationPlan,
    EndActivationPlan,
    ProposeActivationPlan,
    RecordAgreementOnBehalf,
    ServiceInPlan,
)
from services.social.activation_plan.versions import content_hash
from tests.given_when_then import Case

COACHING = ServiceInPlan(service="coaching", organisation="valmennus", until=date(2023, 2, 28))


@pytest.fixture
def case() -> Case:
    return Case("social", role="own_social_worker", on="2022-11-30", organisation="sote")


def proposal(**changes: Any) -> ProposeActivationPlan:
    return ProposeActivationPlan(**{
        "goals": ("Työkokeilu keväällä",), "services": (COACHING,), "parties": ("te",), "trial_work_possible": True,
        "starts_on": date(2022, 12, 1), "ends_on": date(2023, 11, 30), "review_on": date(2023, 3, 1), **changes,
    })


def proposed(case: Case, on: str = "2022-11-30", **changes: Any) -> tuple[str, ActivationPlanProposed]:
    ref = case.when(proposal(**changes), on=on)
    says = case.new[0].says
    assert ref is not None and isinstance(says, ActivationPlanProposed)
    return ref, says


def agreed(plan: str, version: ActivationPlanProposed, party: str, reason: Any = None) -> ActivationPlanAgreed:
    return ActivationPlanAgreed(
        plan=plan, plan_version=version.plan_version, content_hash=version.content_hash, party=party,
        on_behalf_reason=reason,
    )


def noted(plan: str, version: ActivationPlanProposed, party: str, agreement: str) -> AgreementNoted:
    return AgreementNoted(
        plan=plan, plan_version=version.plan_version, content_hash=version.content_hash, party=party,
        agreement=agreement,
    )


def in_force(plan: str, version: ActivationPlanProposed, *agreements: str) -> ActivationPlanInForce:
    return ActivationPlanInForce(
        plan=plan, plan_version=version.plan_version, content_hash=version.content_hash, agreements=agreements
    )


def agreed_by_all(case: Case, plan: str, version: ActivationPlanProposed) -> tuple[str, str, str]:
    own = case.when(AgreeToActivationPlan(plan=plan))
    assert own is not None
    te = case.hears(agreed(plan, version, "te"), source="te", role="employment_coach")
    client = case.hears(agreed(plan, version, "client"), source="oma-polku", role="client")
    return own, te, client


# Versions.


def test_a_first_version_names_its_parties_and_content(case: Case) -> None:
    _, says = proposed(case)
    assert (says.plan, says.plan_version) == (None, 1)
    assert says.parties == ("sote", "client", "te")
    assert says.services == (PlannedService(service="coaching", organisation="valmennus", until=date(2023, 2, 28)),)
    assert says.content_hash == content_hash(says)


def test_an_edit_is_a_new_version_with_the_parties_as_before(case: Case) -> None:
    plan, first = proposed(case)
    _, second = proposed(case, plan=plan, parties=None, goals=("Työkokeilu heti",))
    assert (second.plan, second.plan_version, second.parties) == (plan, 2, first.parties)
    _, third = proposed(case, plan=plan, parties=("te", "valmennus"))
    assert (third.plan_version, third.parties) == (3, ("sote", "client", "te", "valmennus"))


def test_the_hash_changes_with_each_part_of_the_content_and_with_nothing_else(case: Case) -> None:
    _, says = proposed(case)
    others: dict[str, Any] = {
        "goals": ("Muu",), "services": (), "parties": ("sote",), "support": "Tulkki", "trial_work_possible": False,
        "other_services_possible": True, "starts_on": date(2022, 12, 2), "ends_on": date(2023, 12, 1),
        "review_on": date(2023, 3, 2),
    }
    hashes = [content_hash(msgspec.structs.replace(says, **{field: value})) for field, value in others.items()]
    assert len({content_hash(says), *hashes}) == len(others) + 1
    assert content_hash(msgspec.structs.replace(says, plan="a" * 32, plan_version=7)) == content_hash(says)


def test_a_plan_or_a_service_that_ends_before_it_starts_is_refused(case: Case) -> None:
    case.refused("ends_before_it_starts", proposal(ends_on=date(2022, 11, 30)), field="ends_on")
    backwards = ServiceInPlan(service="coaching", from_day=date(2023, 1, 2), until=date(2023, 1, 1))
    case.refused("ends_before_it_starts", proposal(services=(backwards,)), field="services")
    assert case.when(proposal(ends_on=date(2022, 12, 1)))


def test_an_edit_of_an_unknown_plan_is_refused(case: Case) -> None:
    case.refused("unknown_reference", proposal(plan="f" * 32), field="plan")


def test_words_of_a_version_are_not_corrected_but_its_day_may_be(case: Case) -> None:
    plan, _ = proposed(case)
    case.refused("edit_is_a_new_version", CorrectEntry(fact=plan, changes={"support": "Tulkki"}, reason="Unohtui"))
    assert case.when(CorrectEntry(fact=plan, on=date(2022, 11, 29), reason="Väärä päivä"))


def test_a_version_in_the_middle_cannot_be_taken_back_the_newest_can(case: Case) -> None:
    plan, _ = proposed(case)
    second, _ = proposed(case, plan=plan)
    third, _ = proposed(case, plan=plan)
    case.refused("others_rest_on_it", AnnulEntry(fact=second, reason="Virhe"))
    case.refused("others_rest_on_it", AnnulEntry(fact=plan, reason="Virhe"))
    assert case.when(AnnulEntry(fact=third, reason="Virhe"))


# Agreements.


def test_the_home_agrees_to_the_newest_version_unless_another_is_named(case: Case) -> None:
    plan, first = proposed(case)
    _, second = proposed(case, plan=plan, goals=("Toinen",))
    case.when(AgreeToActivationPlan())
    case.then(agreed(plan, second, "sote"))
    case.when(AgreeToActivationPlan(plan=plan, plan_version=1))
    case.then(agreed(plan, first, "sote"))
    case.refused("unknown_reference", AgreeToActivationPlan(plan_version=3), field="plan_version")


def test_nobody_agrees_twice_to_one_version(case: Case) -> None:
    plan, version = proposed(case)
    case.when(AgreeToActivationPlan())
    case.refused("already_agreed", AgreeToActivationPlan())
    case.hears(agreed(plan, version, "te"), source="te")
    on_behalf = RecordAgreementOnBehalf(party="te", on_behalf_reason="by_phone")
    case.refused("already_agreed", on_behalf, field="party")


def test_on_behalf_only_of_another_party_and_not_before_the_version(case: Case) -> None:
    plan, version = proposed(case)
    case.refused("agrees_itself", RecordAgreementOnBehalf(party="sote", on_behalf_reason="by_phone"), field="party")
    case.refused("not_a_party", RecordAgreementOnBehalf(party="muu", on_behalf_reason="by_phone"), field="party")
    early = RecordAgreementOnBehalf(party="te", on_behalf_reason="by_phone", on=date(2022, 11, 29))
    case.refused("agreed_before_it_was_proposed", early, field="on")
    case.when(RecordAgreementOnBehalf(party="te", on_behalf_reason="by_phone", on=date(2022, 11, 30)))
    case.then(agreed(plan, version, "te", "by_phone"))


def test_a_correction_cannot_leave_an_agreement_on_behalf_without_its_reason(case: Case) -> None:
    proposed(case)
    entry = case.when(RecordAgreementOnBehalf(party="te", on_behalf_reason="by_phone"))
    without = CorrectEntry(fact=str(entry), changes={"on_behalf_reason": None}, reason="Virhe")
    case.refused("on_behalf_needs_a_reason", without, field="on_behalf_reason")


def test_a_correction_cannot_make_one_party_agree_twice(case: Case) -> None:
    proposed(case)
    case.when(RecordAgreementOnBehalf(party="te", on_behalf_reason="by_phone"))
    entry = case.when(RecordAgreementOnBehalf(party="client", on_behalf_reason="by_phone"))
    to_te = CorrectEntry(fact=str(entry), changes={"party": "te"}, reason="Virhe")
    case.refused("already_agreed", to_te, field="party")


def test_an_agreement_to_a_hash_that_does_not_exist_cannot_stand(case: Case) -> None:
    plan, version = proposed(case)
    case.given(msgspec.structs.replace(agreed(plan, version, "sote"), content_hash="0" * 64))
    with pytest.raises(Impossible, match="others_rest_on_it"):
        check(case.file)


def test_with_two_plans_open_one_must_say_which(case: Case) -> None:
    proposed(case)
    second, version = proposed(case)
    case.refused("say_which_one", AgreeToActivationPlan(), field="plan")
    case.when(AgreeToActivationPlan(plan=second))
    case.then(agreed(second, version, "sote"))


def test_only_the_own_social_worker_acts_for_the_home(case: Case) -> None:
    proposed(case)
    for command in (proposal(), AgreeToActivationPlan(), EndActivationPlan(reason="other")):
        case.refused("role_not_allowed", command, role="activity_supervisor")


# Agreements heard.


def test_an_organisations_own_agreement_is_noted_by_reference(case: Case) -> None:
    plan, version = proposed(case)
    heard = case.hears(agreed(plan, version, "te"), source="te")
    case.then(noted(plan, version, "te", heard))


@pytest.mark.parametrize(("party", "source", "role"), [
    ("te", "valmennus", "job_coach"),
    ("client", "te", "employment_coach"),
    ("client", "client", "employment_coach"),
    ("te", "te", "client"),
    ("valmennus", "valmennus", "job_coach"),
])
def test_nobody_speaks_for_another_or_without_being_a_party(case: Case, party: str, source: str, role: str) -> None:
    plan, version = proposed(case)
    case.hears(agreed(plan, version, party), source=source, role=role)
    case.then()


def test_an_agreement_to_an_unknown_plan_version_or_hash_is_not_kept(case: Case) -> None:
    plan, version = proposed(case)
    says = agreed(plan, version, "te")
    for change in ({"plan": "f" * 32}, {"plan_version": 2}, {"content_hash": "0" * 64}):
        case.hears(msgspec.structs.replace(says, **change), source="te")
        case.then()


def test_an_agreement_taken_back_at_its_source_no_longer_counts(case: Case) -> None:
    plan, version = proposed(case)
    heard = case.hears(agreed(plan, version, "te"), source="te")
    case.hears(agreed(plan, version, "te"), source="te", annuls=True, corrects=heard)
    assert [f.annuls for f in case.new] == [True]
    case.when(AgreeToActivationPlan())
    case.hears(agreed(plan, version, "client"), source="oma-polku", role="client")
    case.then(noted(plan, version, "client", case.new[0].says.agreement))


def test_an_agreement_corrected_to_the_newest_version_counts_for_that_one(case: Case) -> None:
    plan, first = proposed(case)
    _, second = proposed(case, plan=plan, goals=("Toinen",))
    heard = case.hears(agreed(plan, first, "te"), source="te")
    case.when(AgreeToActivationPlan())
    case.when(RecordAgreementOnBehalf(party="client", on_behalf_reason="signed_on_paper"))
    case.hears(agreed(plan, second, "te"), source="te", corrects=heard)
    assert [type(f.says) for f in case.new] == [AgreementNoted, ActivationPlanInForce]


def test_only_the_party_itself_changes_its_agreement_or_takes_it_back(case: Case) -> None:
    """Whoever may have plans knows the agreements' ids."""
    plan, version = proposed(case)
    heard = case.hears(agreed(plan, version, "client"), source="oma-polku", role="client")
    for party in ("te", "client"):
        case.hears(agreed(plan, version, party), source="te", annuls=True, corrects=heard)
        case.then()
    case.hears(agreed(plan, version, "te"), source="te", corrects=heard)
    case.then(noted(plan, version, "te", heard))
    case.hears(agreed(plan, version, "client"), source="oma-polku", role="client", annuls=True, corrects=heard)
    assert [(f.annuls, f.says) for f in case.new] == [(True, noted(plan, version, "client", heard))]


def test_taking_back_an_agreement_that_was_never_noted_adds_nothing(case: Case) -> None:
    plan, version = proposed(case)
    case.hears(agreed(plan, version, "te"), source="te", annuls=True, corrects="e" * 32)
    case.then()


# In force.


def test_in_force_follows_when_the_last_party_agrees(case: Case) -> None:
    plan, version = proposed(case)
    own = case.when(AgreeToActivationPlan())
    case.then(agreed(plan, version, "sote"))
    te = case.hears(agreed(plan, version, "te"), source="te")
    case.today = "2022-12-05"
    client = case.hears(agreed(plan, version, "client"), source="oma-polku", role="client")
    case.then(noted(plan, version, "client", client), in_force(plan, version, str(own), te, client))
    assert case.new[1].occurred_on == date(2022, 12, 5)


def test_in_force_follows_an_agreement_on_behalf_and_an_own_one_too(case: Case) -> None:
    plan, version = proposed(case)
    te = case.hears(agreed(plan, version, "te"), source="te")
    client = case.when(RecordAgreementOnBehalf(party="client", on_behalf_reason="said_in_joint_meeting"))
    case.then(agreed(plan, version, "client", "said_in_joint_meeting"))
    own = case.when(AgreeToActivationPlan())
    case.then(agreed(plan, version, "sote"), in_force(plan, version, str(client), str(own), te))


def test_agreements_to_different_versions_do_not_add_up(case: Case) -> None:
    plan, first = proposed(case)
    case.hears(agreed(plan, first, "te"), source="te")
    case.hears(agreed(plan, first, "client"), source="oma-polku", role="client")
    _, second = proposed(case, plan=plan, goals=("Toinen",))
    case.when(AgreeToActivationPlan())
    case.then(agreed(plan, second, "sote"))


def test_an_older_version_fully_agreed_is_kept_without_effect(case: Case) -> None:
    plan, first = proposed(case)
    case.when(AgreeToActivationPlan())
    case.hears(agreed(plan, first, "te"), source="te")
    proposed(case, plan=plan, goals=("Toinen",))
    heard = case.hears(agreed(plan, first, "client"), source="oma-polku", role="client")
    case.then(noted(plan, first, "client", heard))


def test_each_version_comes_in_force_once_and_the_next_one_again(case: Case) -> None:
    plan, first = proposed(case)
    agreed_by_all(case, plan, first)
    _, second = proposed(case, plan=plan, goals=("Toinen",))
    case.then(second)
    refs = agreed_by_all(case, plan, second)
    case.then(noted(plan, second, "client", refs[2]), in_force(plan, second, *refs))


def test_a_late_agreement_of_a_party_recorded_on_behalf_changes_nothing_in_force(case: Case) -> None:
    plan, version = proposed(case)
    case.when(AgreeToActivationPlan())
    case.hears(agreed(plan, version, "te"), source="te")
    case.when(RecordAgreementOnBehalf(party="client", on_behalf_reason="signed_on_paper"))
    heard = case.hears(agreed(plan, version, "client"), source="oma-polku", role="client")
    case.then(noted(plan, version, "client", heard))


def test_what_is_in_force_stands_when_an_agreement_is_taken_back_afterwards(case: Case) -> None:
    plan, version = proposed(case)
    own, te, _ = agreed_by_all(case, plan, version)
    case.hears(agreed(plan, version, "te"), source="te", annuls=True, corrects=te)
    case.then()
    case.refused("others_rest_on_it", AnnulEntry(fact=own, reason="Virhe"))


# The end.


def test_nothing_after_the_end(case: Case) -> None:
    plan, version = proposed(case)
    case.when(EndActivationPlan(reason="client_moved"), on="2022-12-10")
    case.then(ActivationPlanEnded(plan=plan, reason="client_moved"))
    for command in (
        EndActivationPlan(plan=plan, reason="other"), AgreeToActivationPlan(plan=plan), proposal(plan=plan),
    ):
        case.refused("already_ended", command, field="plan")
    case.refused("nothing_to_refer_to", AgreeToActivationPlan(), field="plan")
    case.hears(agreed(plan, version, "te"), source="te")
    case.then()


def test_the_end_cannot_be_before_what_is_written(case: Case) -> None:
    proposed(case)
    case.when(AgreeToActivationPlan(), on="2022-12-05")
    case.refused("outside_the_plan", EndActivationPlan(reason="other", on=date(2022, 12, 4)), field="on")
    assert case.when(EndActivationPlan(reason="other", on=date(2022, 12, 5)))


def test_after_the_end_another_plan_can_be_proposed(case: Case) -> None:
    first, _ = proposed(case)
    case.when(EndActivationPlan(reason="replaced"))
    second, says = proposed(case)
    assert second != first and says.plan_version == 1
    case.when(AgreeToActivationPlan())
    case.then(agreed(second, says, "sote"))


def test_a_correction_cannot_end_one_plan_twice(case: Case) -> None:
    first, _ = proposed(case)
    case.when(EndActivationPlan(reason="replaced"))
    proposed(case)
    second_end = case.when(EndActivationPlan(reason="other"))
    to_first = CorrectEntry(fact=str(second_end), changes={"plan": first}, reason="Virhe")
    case.refused("already_ended", to_first, field="plan")


def test_an_ended_plan_does_not_come_in_force_by_a_correction(case: Case) -> None:
    plan, _ = proposed(case)
    client = case.when(RecordAgreementOnBehalf(party="client", on_behalf_reason="by_phone"))
    _, second = proposed(case, plan=plan, goals=("Toinen",))
    case.when(AgreeToActivationPlan())
    case.when(RecordAgreementOnBehalf(party="te", on_behalf_reason="by_phone"))
    case.when(EndActivationPlan(reason="client_moved"))
    to_second = {"plan_version": 2, "content_hash": second.content_hash}
    case.when(CorrectEntry(fact=str(client), changes=to_second, reason="Virhe"))
    case.then(agreed(plan, second, "client", "by_phone"))
