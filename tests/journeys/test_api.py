"""A client's way through three organisations, as their people's tools meet it: by HTTP alone, the pump running."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web import EMPLOYMENT, HOME, OTHER_PROVIDER, PROVIDER, SOCIAL, Web, code, web_on

SCOPES = [
    {"from": [SOCIAL], "to": [EMPLOYMENT, PROVIDER, HOME], "categories": ["activity", "case"]},
    {"from": [PROVIDER], "to": [SOCIAL], "categories": ["coaching"]},
]
SHARED = "Kuntouttava työtoiminta alkoi"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    with web_on(tmp_path) as web:
        web.app.state.runner.start()
        yield web
        web.app.state.runner.stop()


def soon(tells: Callable[[], Any]) -> Any:
    """What ``tells`` says, once it says something."""
    until = time.monotonic() + 10
    while not (told := tells()) and time.monotonic() < until:
        time.sleep(0.02)
    return told


def texts(path: Any) -> str:
    return " ".join(row["text"] for row in path["timeline"])


def test_three_organisations_and_a_client(web: Web) -> None:
    worker, clerk = web.as_("paivi", SOCIAL, "own_social_worker"), web.as_("paivi", SOCIAL, "consent_clerk")
    coach, job_coach = web.as_("tiina", EMPLOYMENT), web.as_("outi", PROVIDER, "job_coach")
    coach.headers["X-Role"] = "employment_coach"
    ref = worker.register()
    assert {coach.register(), job_coach.register()} == {ref}

    given = clerk.give(ref, "give-consent", scopes=SCOPES, place="Testilä", witness="Testi Todistaja", on="2022-08-20")
    assert given.status_code == 201
    grant = given.json()["facts"][0]["fact_id"]
    assert worker.give(ref, "start-activity", days_per_week=4, place="Paja").status_code == 201
    assert SHARED in texts(worker.path(ref))

    for session in (coach, job_coach, web.client(ref)):
        assert soon(lambda s=session: SHARED in texts(s.path(ref)))  # type: ignore[misc]
    assert SHARED not in texts(coach.path(ref, lang="sv"))
    assert [s["state"] for s in coach.path(ref)["services"]] == ["running"]

    withheld = worker.get(f"/clients/{ref}/withheld").json()["withheld"]
    assert withheld == []
    assert code(web.as_("veera", OTHER_PROVIDER, "job_coach").get(f"/clients/{ref}/path")) == "not_a_client_here"

    me = web.client(ref)
    assert me.give(ref, "withdraw-consent", grant=grant).status_code == 201
    for session in (coach, job_coach):  # at once, whatever the pump has done
        assert SHARED not in texts(session.path(ref))
    assert SHARED in texts(worker.path(ref))

    def everybody_removed() -> bool:
        (consent,) = (c for c in me.get(f"/clients/{ref}/consents").json()["consents"] if c["grant"] == grant)
        assert consent["state"] == "withdrawn"
        (change,) = consent["changes"]
        assert change["removal"]["of"] == 4
        return bool(change["removal"]["confirmed"] == 4 and change["removal"]["silent"] == [])

    assert soon(everybody_removed)
    reasons = {(w["recipient"], w["reason"]) for w in worker.get(f"/clients/{ref}/withheld").json()["withheld"]}
    assert reasons == {(EMPLOYMENT, "withdrawn"), (PROVIDER, "withdrawn"), (HOME, "withdrawn")}

    def told() -> set[tuple[str, str, tuple[str, ...]]]:
        rows = me.get(f"/clients/{ref}/disclosures").json()["disclosures"]
        return {(r["organisation"], r["kind"], tuple(r["categories"])) for r in rows}

    expected = {
        (SOCIAL, "reference_asked", ()), (EMPLOYMENT, "reference_asked", ()), (PROVIDER, "reference_asked", ()),
        (EMPLOYMENT, "opened", ("activity",)), (PROVIDER, "opened", ("activity",)), (OTHER_PROVIDER, "refused", ()),
        (SOCIAL, "opened", ()),
    }
    assert soon(lambda: expected <= told())

    receipt = me.get(f"/clients/{ref}/receipts/{grant}").json()
    assert receipt["event_state"] == "withdrawn"
    assert [e["event_type"] for e in receipt["events"]] == ["consent_given", "consent_withdrawn"]
    assert receipt["events"][0]["location"] == "Testilä"


def test_a_clerk_records_what_the_client_can_then_take_back_and_the_other_way_round(web: Web) -> None:
    clerk = web.as_("paivi", SOCIAL, "consent_clerk")
    ref = clerk.register()
    scopes = [{"from": [SOCIAL], "to": [EMPLOYMENT], "categories": ["activity"]}]
    assert code(clerk.give(ref, "give-consent", scopes=scopes)) == "paper_needs_a_place"
    assert code(clerk.give(ref, "give-consent", scopes=scopes, method="electronic")) == "only_the_client_signs_electronically"
    key = {"scopes": scopes, "place": "Testilä"}
    assert clerk.give(ref, "give-consent", "k", **key).status_code == 201
    assert clerk.give(ref, "give-consent", "k", **key).status_code == 200
    dated_back = web.client(ref).give(ref, "withdraw-consent", on="2022-08-01")
    assert dated_back.status_code == 201
    assert code(web.client(ref).give(ref, "withdraw-consent")) == "nothing_to_refer_to"
    assert code(web.client(ref).give(ref, "give-consent", scopes=scopes, method="paper")) == "paper_is_recorded_by_a_clerk"
    assert web.client(ref).give(ref, "give-consent", scopes=scopes).status_code == 201
    assert clerk.give(ref, "withdraw-consent", place="Testilä").status_code == 201
    states = [c["state"] for c in web.client(ref).get(f"/clients/{ref}/consents").json()["consents"]
              if c["instrument"] == "consent"]
    assert states == ["withdrawn", "withdrawn"]
    assert code(web.client(ref).get(f"/clients/{ref}/receipts/{'0' * 32}")) == "unknown_reference"
