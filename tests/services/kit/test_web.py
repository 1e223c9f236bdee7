"""What every organisation's API keeps to."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.openapi.models import OpenAPI

from services.kit import client_list
from services.kit.config import CONSENT_CLERK, load
from services.kit.organisation import Organisation
from services.kit.web import clients as clients_module
from services.kit.web.guard import LARGEST_BODY
from services.kit.words import words
from tests.web import (
    EMPLOYMENT,
    FUNDER,
    HETU,
    HOME,
    INSTALLATION,
    OTHER_HETU,
    OTHER_PROVIDER,
    PROVIDER,
    SOCIAL,
    WORKSHOP,
    Web,
    code,
    web_on,
)

ORGANISATIONS = (SOCIAL, WORKSHOP, EMPLOYMENT, FUNDER, PROVIDER, OTHER_PROVIDER, HOME)
NOBODY = "0" * 32
PEOPLE = [(p.id, p.organisation, r) for p in load(INSTALLATION).person for r in p.roles]
PARTICIPATION = {"days_per_week": 4, "place": "Paja"}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """For tests that leave nothing behind."""
    with web_on(tmp_path_factory.mktemp("web")) as web:
        yield web


@pytest.fixture(scope="module")
def ref(web: Web) -> str:
    """A client of social services."""
    return web.as_("paivi", SOCIAL, "own_social_worker").register()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Web]:
    """An installation of the test's own."""
    with web_on(tmp_path) as web:
        yield web


@pytest.fixture
def client(fresh: Web) -> str:
    """A client of social services in it."""
    return fresh.as_("paivi", SOCIAL, "own_social_worker").register()


def open_api(web: Web, organisation: str) -> dict[str, Any]:
    return web.send("GET", f"/{organisation}/openapi.json").json()


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


# OpenAPI


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_the_document_is_valid_and_whole(web: Web, organisation: str) -> None:
    document = open_api(web, organisation)
    OpenAPI.model_validate(document)
    schemas = document["components"]["schemas"]
    assert {r.removeprefix("#/components/schemas/") for r in references(document)} <= schemas.keys()
    assert "HTTPValidationError" not in schemas
    assert [set(s) for s in document["security"]] == [set(document["components"]["securitySchemes"])]
    operations = [o["operationId"] for path in document["paths"].values() for o in path.values()]
    assert len(operations) == len(set(operations))


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_the_document_lists_exactly_the_organisations_commands(web: Web, organisation: str) -> None:
    here = web.platform.organisations[organisation]
    expected = set(here.features.commands)
    if CONSENT_CLERK in here.config.roles:
        expected |= {n for n, c in web.platform.home.features.commands.items() if CONSENT_CLERK in c.roles}
    paths = open_api(web, organisation)["paths"]
    posted = {p.removeprefix("/clients/{client_ref}/") for p, o in paths.items() if "post" in o and "{client_ref}" in p}
    assert posted == {name.replace("_", "-") for name in expected}
    for name in expected:
        body = paths[f"/clients/{{client_ref}}/{name.replace('_', '-')}"]["post"]["requestBody"]
        assert body["content"]["application/json"]["schema"]["$ref"]


def test_only_the_clients_own_place_tells_of_consents(web: Web) -> None:
    told = {"/clients/{client_ref}/consents", "/clients/{client_ref}/disclosures", "/clients/{client_ref}/receipts/{grant}"}
    assert told <= open_api(web, HOME)["paths"].keys()
    assert not {"/clients", "/clients/search"} & open_api(web, HOME)["paths"].keys()
    assert not told & open_api(web, SOCIAL)["paths"].keys()


def test_commands_are_listed_with_their_roles(web: Web) -> None:
    rows = {r["name"]: r for r in web.as_("tiina", EMPLOYMENT, "employment_coach").get("/commands").json()["commands"]}
    assert rows["give_consent"]["roles"] == [CONSENT_CLERK]
    assert rows["open_case"]["address"] == "clients/{client_ref}/open-case"
    assert rows["open_case"]["summary"].startswith("Take the client on.")


# Signing in


@pytest.mark.parametrize("authorization", [None, "", "Development", "Development nobody", "Bearer paivi", "Development Päivi"])
def test_whoever_is_not_signed_in_gets_nothing(web: Web, ref: str, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization.encode()}
    answer = web.send("GET", f"/{SOCIAL}/clients/{ref}/path", headers=headers)
    assert (answer.status_code, code(answer)) == (401, "not_signed_in")
    assert answer.headers["WWW-Authenticate"] == "Development"


def test_outside_development_mode_nobody_can_sign_in(tmp_path: Path) -> None:
    with web_on(tmp_path, development=False) as web:
        for organisation in ORGANISATIONS:
            for path, operations in open_api(web, organisation)["paths"].items():
                for method in operations:
                    url = f"/{organisation}" + path.format(client_ref=NOBODY, grant=NOBODY)
                    for content in (b"{}", b"not json"):
                        answer = web.send(method, url, headers={"Authorization": "Development paivi"}, content=content)
                        assert (answer.status_code, code(answer)) == (401, "not_signed_in"), url
        assert "Testihenkilöt" not in web.send("GET", "/").text


def test_a_person_may_use_their_own_organisation_only(web: Web, ref: str) -> None:
    for organisation in ORGANISATIONS:
        answer = web.as_("paivi", organisation, "own_social_worker").get(f"/clients/{ref}/path")
        assert answer.status_code == (200 if organisation == SOCIAL else 403)
        assert organisation == SOCIAL or code(answer) == "not_your_organisation"


def test_a_role_is_said_where_there_are_several_and_must_be_ones_own(web: Web, ref: str) -> None:
    assert code(web.as_("paivi", SOCIAL).get("/me")) == "say_in_which_role"
    assert code(web.as_("paivi", SOCIAL, "workshop_instructor").get("/me")) == "not_your_role"
    assert web.as_("paivi", SOCIAL).get("/me?role=own_social_worker").status_code == 200
    assert web.as_("jari", WORKSHOP).get("/me").json() == {
        "person": "jari", "name": "Jari Testinen", "organisation": WORKSHOP, "roles": ["workshop_instructor"], "client_ref": None,
    }


# Clients of others


@pytest.mark.parametrize(("person", "organisation", "role"), [p for p in PEOPLE if p[1] != SOCIAL])
def test_another_organisations_client_is_nobody_here(web: Web, ref: str, person: str, organisation: str, role: str) -> None:
    session = web.as_(person, organisation, role)
    consent = {"scopes": [{"from": [SOCIAL], "to": [organisation], "categories": ["case"]}], "place": "Testilä"}
    for ask in (
        lambda r: session.get(f"/clients/{r}/path"),
        lambda r: session.get(f"/clients/{r}/withheld"),
        lambda r: session.give(r, "open-case"),
        lambda r: session.give(r, "give-consent", **consent),
    ):
        known, unknown = ask(ref), ask(NOBODY)
        assert known.status_code == 404
        assert known.content == unknown.content
        assert known.headers == unknown.headers
    web.platform.settle()
    assert {c.instrument for c in web.platform.desk.consents(ref)} <= {"statutory"}


def test_a_client_acts_only_for_themself(fresh: Web, client: str) -> None:
    other = fresh.as_("paivi", SOCIAL, "own_social_worker").register(OTHER_HETU, "Testi Toinen")
    consent = {"scopes": [{"from": [SOCIAL], "to": [HOME], "categories": ["case"]}]}
    for client_ref in (other, NOBODY):
        for what in ("path", "consents", "disclosures", f"receipts/{NOBODY}", "withheld"):
            answer = fresh.client(client).get(f"/clients/{client_ref}/{what}")
            assert (answer.status_code, code(answer)) == (404, "not_a_client_here")
        assert code(fresh.client(client).give(client_ref, "give-consent", **consent)) == "not_a_client_here"
    assert fresh.client(client).give(client, "give-consent", **consent).status_code == 201
    assert fresh.platform.desk.consents(other) == []
    assert {r.kind for r in fresh.platform.desk.disclosures(other)} == {"reference_asked", "refused"}


def test_a_made_up_reference_stops_nobodys_publisher(fresh: Web, client: str) -> None:
    tiina = fresh.as_("tiina", EMPLOYMENT, "employment_coach")
    assert tiina.get(f"/clients/{NOBODY}/path").status_code == 404
    assert tiina.get(f"/clients/{client}/path").status_code == 404
    fresh.platform.settle()
    refused = [r for r in fresh.platform.desk.disclosures(client) if r.kind == "refused"]
    assert [(r.organisation, r.person_id, r.role) for r in refused] == [(EMPLOYMENT, "tiina", "employment_coach")]


# Refusals


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_a_refusal_says_why_in_the_readers_language(web: Web, ref: str, language: str) -> None:
    answer = web.as_("paivi", SOCIAL, "own_social_worker").post(
        f"/clients/{ref}/resume-activity", headers={"Accept-Language": language}
    )
    assert answer.status_code == 404
    assert answer.json()["error"] == {
        "code": "nothing_to_refer_to", "field": "activity", "text": words("nothing_to_refer_to", language), "fields": [],
    }


def test_a_role_that_may_not_is_refused(web: Web, ref: str) -> None:
    answer = web.as_("paivi", SOCIAL, "consent_clerk").give(ref, "start-activity", **PARTICIPATION)
    assert (answer.status_code, code(answer)) == (403, "role_not_allowed")
    answer = web.as_("paivi", SOCIAL, "own_social_worker").give(
        ref, "give-consent", scopes=[{"from": [SOCIAL], "to": [HOME], "categories": ["case"]}], place="Testilä"
    )
    assert (answer.status_code, code(answer)) == (403, "role_not_allowed")


@pytest.mark.parametrize(
    ("body", "field", "expected"),
    [
        ({"days_per_week": "SALAISUUS", "place": "Paja"}, "days_per_week", "invalid_input"),
        ({"days_per_week": 8, "place": "SALAISUUS"}, "days_per_week", "invalid_input"),
        ({"days_per_week": 4}, "place", "missing_input"),
        ({"days_per_week": 4, "place": "Paja", "SALAISUUS": 1}, None, "unknown_input"),
        ({"days_per_week": 4, "place": "Paja", "on": "SALAISUUS"}, "on", "invalid_input"),
        ({"days_per_week": 4, "place": "Paja", "on": "0001-01-01"}, "on", "invalid_input"),
        ({"days_per_week": 4, "place": "Paja", "on": "9999-12-31"}, "on", "invalid_input"),
        (["SALAISUUS"], None, "invalid_input"),
        ("SALAISUUS", None, "invalid_input"),
    ],
)
def test_wrong_input_names_the_field_and_repeats_no_value(
    web: Web, ref: str, body: Any, field: str | None, expected: str
) -> None:
    answer = web.as_("paivi", SOCIAL, "own_social_worker").post(f"/clients/{ref}/start-activity", body)
    assert answer.status_code == 422
    assert (answer.json()["error"]["field"], code(answer)) == (field, expected)
    assert "SALAISUUS" not in answer.text


def test_the_keys_of_a_mapping_are_values_too(web: Web, ref: str) -> None:
    body = {"fact": NOBODY, "reason": "Väärin", "changes": {"SALAISUUS": {"SALAISUUS": 1}}}
    answer = web.as_("paivi", SOCIAL, "own_social_worker").post(f"/clients/{ref}/correct-entry", body)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "changes")
    assert "SALAISUUS" not in answer.text


def test_a_field_inside_a_list_is_named(web: Web, ref: str) -> None:
    scopes = [{"from": [SOCIAL], "to": [], "categories": ["case"]}]
    answer = web.as_("paivi", SOCIAL, "consent_clerk").give(ref, "give-consent", scopes=scopes, place="Testilä")
    assert answer.json()["error"]["field"] == "scopes.to"


def test_broken_json_is_wrong_input(web: Web, ref: str) -> None:
    paivi = web.as_("paivi", SOCIAL, "own_social_worker")
    answer = web.send("POST", f"/{SOCIAL}/clients/{ref}/start-activity", headers=paivi.headers, content=b'{"SALAISUUS')
    assert (answer.status_code, code(answer), answer.json()["error"]["field"]) == (422, "invalid_input", None)
    assert "SALAISUUS" not in answer.text


@pytest.mark.parametrize("unreadable", [b'{"place": "SALAISUUS\xff"}', b'{"days_per_week": ' + b"9" * 5000 + b"}"])
def test_json_that_cannot_be_read_is_wrong_input_too(web: Web, ref: str, unreadable: bytes) -> None:
    paivi = web.as_("paivi", SOCIAL, "own_social_worker")
    answer = web.send("POST", f"/{SOCIAL}/clients/{ref}/start-activity", headers={**paivi.headers, "Content-Type": "application/json"}, content=unreadable)
    assert (answer.status_code, code(answer)) == (400, "invalid_input")
    assert "SALAISUUS" not in answer.text


@pytest.mark.parametrize("wrong", ["abc", "0" * 31, "0" * 33, "G" * 32, "A" * 32])
def test_a_reference_has_one_form(web: Web, ref: str, wrong: str) -> None:
    answer = web.as_("paivi", SOCIAL, "own_social_worker").get(f"/clients/{wrong}/path")
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "client_ref")
    assert wrong not in answer.text


def test_a_day_that_has_not_come_cannot_be_asked_for(web: Web, ref: str) -> None:
    paivi = web.as_("paivi", SOCIAL, "own_social_worker")
    assert paivi.get(f"/clients/{ref}/path?on=2022-08-23").status_code == 200
    answer = paivi.get(f"/clients/{ref}/path?on=2022-08-24")
    assert (answer.status_code, code(answer), answer.json()["error"]["field"]) == (409, "looks_back_only", "on")


@pytest.mark.parametrize(
    ("method", "path", "status", "expected"),
    [("GET", f"/{SOCIAL}/no-such", 404, "no_such_address"), ("DELETE", f"/{SOCIAL}/clients", 405, "no_such_method"),
     ("GET", "/no-such", 404, "no_such_address")],
)
def test_an_address_that_is_not_there(web: Web, method: str, path: str, status: int, expected: str) -> None:
    answer = web.send(method, path)
    assert (answer.status_code, code(answer)) == (status, expected)


def test_too_much_is_refused_whatever_the_sender_says_of_its_length(web: Web) -> None:
    headers = web.as_("paivi", SOCIAL, "own_social_worker").headers
    start, end = b'{"full_name": "', b'"}'
    for spare, status in ((0, 422), (1, 413)):
        body = start + b"a" * (LARGEST_BODY - len(start) - len(end) + spare) + end

        async def in_pieces(body: bytes = body) -> Any:
            for n in range(0, len(body), 10_000):
                yield body[n : n + 10_000]

        assert web.send("POST", f"/{SOCIAL}/clients", headers=headers, content=body).status_code == status
        answer = web.send("POST", f"/{SOCIAL}/clients", headers=headers, content=in_pieces())
        assert answer.status_code == status
    assert code(answer) == "too_large"


def test_what_nobody_foresaw_tells_nothing(
    web: Web, ref: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("SALAISUUS")

    monkeypatch.setattr(Organisation, "path", fails)
    answer = web.as_("paivi", SOCIAL, "own_social_worker").get(f"/clients/{ref}/path")
    assert (answer.status_code, code(answer)) == (500, "internal_error")
    assert "SALAISUUS" not in answer.text + caplog.text
    assert "RuntimeError" in caplog.text


def test_every_answer_has_calm_headers(web: Web, ref: str) -> None:
    for answer in (web.as_("paivi", SOCIAL, "own_social_worker").get(f"/clients/{ref}/path"), web.send("GET", "/")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


# Commands


def test_a_repeated_command_is_done_once(fresh: Web, client: str) -> None:
    paivi = fresh.as_("paivi", SOCIAL, "own_social_worker")
    first = paivi.give(client, "start-activity", "k-1", **PARTICIPATION)
    assert first.status_code == 201
    (fact,) = first.json()["facts"]
    assert fact | {"fact_id": None} == {
        "fact_id": None, "name": "ActivityStarted", "category": "activity", "occurred_on": "2022-08-23",
    }
    again = paivi.give(client, "start-activity", "k-1", **PARTICIPATION)
    assert (again.status_code, again.json()) == (200, first.json()), "whoever lost the first answer gets it now"
    assert paivi.give(client, "start-activity", "k-2", **PARTICIPATION).status_code == 201
    assert paivi.give(client, "start-activity", **PARTICIPATION).status_code == 201
    assert len(paivi.path(client)["services"]) == 3


def test_one_persons_key_is_not_anothers_nor_another_commands(fresh: Web, client: str) -> None:
    paivi = fresh.as_("paivi", SOCIAL, "own_social_worker")
    assert paivi.give(client, "open-case", "k").status_code == 201
    assert paivi.give(client, "start-activity", "k", **PARTICIPATION).status_code == 201


def test_a_key_given_again_with_another_body_is_refused_and_loses_nothing(fresh: Web, client: str) -> None:
    paivi = fresh.as_("paivi", SOCIAL, "own_social_worker")
    first = paivi.give(client, "start-activity", "k", **PARTICIPATION)
    again = paivi.give(client, "start-activity", "k", **PARTICIPATION)
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
    other = paivi.give(client, "start-activity", "k", **(PARTICIPATION | {"days_per_week": 1}))
    assert (other.status_code, code(other)) == (409, "key_of_another_command")
    facts = fresh.platform.organisations[SOCIAL].own_facts(client)
    assert [f.name for f in facts].count("ActivityStarted") == 1


@pytest.mark.parametrize("key", ["heard:" + "0" * 32, "", "a" * 81, "ä"])
def test_a_key_has_a_form_that_the_platforms_own_never_have(web: Web, ref: str, key: str) -> None:
    paivi = web.as_("paivi", SOCIAL, "own_social_worker")
    answer = paivi.post(f"/clients/{ref}/open-case", headers={"Idempotency-Key": key.encode()})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "Idempotency-Key")


# The register

NO_CLIENTS = {"clients": [], "incomplete": None}


def test_only_roles_that_see_names_list_them(fresh: Web, client: str) -> None:
    assert fresh.as_("paivi", SOCIAL, "own_social_worker").get("/clients").json() == {
        "clients": [{"client_ref": client, "name": "Testi Asiakas"}],
        "incomplete": None,
    }
    for person, organisation, role in (("paivi", SOCIAL, "consent_clerk"), ("reijo", FUNDER, "funder")):
        session = fresh.as_(person, organisation, role)
        for answer in (session.get("/clients"), session.post("/clients/search", {"name": "testi"})):
            assert (answer.status_code, code(answer)) == (403, "role_not_allowed")
    assert fresh.as_("paivi", SOCIAL, "consent_clerk").register() == client
    answer = fresh.as_("reijo", FUNDER, "funder").post("/clients", {"full_name": "Testi Asiakas", "hetu": HETU})
    assert code(answer) == "role_not_allowed"


def test_clients_are_found_by_a_part_of_the_name(fresh: Web, client: str) -> None:
    paivi = fresh.as_("paivi", SOCIAL, "own_social_worker")
    other = paivi.register(OTHER_HETU, "Äiti Testaaja")

    def found(name: str) -> list[str]:
        return [c["client_ref"] for c in paivi.post("/clients/search", {"name": name}).json()["clients"]]

    assert found("äITI") == [other]
    assert found("test") == [client, other]
    assert found("muu") == []
    assert fresh.as_("tiina", EMPLOYMENT, "employment_coach").get("/clients").json() == NO_CLIENTS


def test_an_introduced_name_is_listed_only_while_consent_holds_and_each_look_is_told(
    fresh: Web, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paivi, clerk = fresh.as_("paivi", SOCIAL, "own_social_worker"), fresh.as_("paivi", SOCIAL, "consent_clerk")
    clerk.give(client, "give-consent", scopes=[{"from": [SOCIAL], "to": [PROVIDER], "categories": ["identity", "referral"]}],
               place="Testilä")
    assert paivi.give(client, "make-referral", to=PROVIDER, service="coaching", reason="Testi").status_code == 201
    fresh.platform.settle()
    outi = fresh.as_("outi", PROVIDER, "job_coach")
    for _ in range(2):
        assert outi.get("/clients").json() == {"clients": [{"client_ref": client, "name": "Testi Asiakas"}], "incomplete": None}
    fresh.platform.settle()
    looks = [r for r in fresh.platform.desk.disclosures(client) if r.through == "list"]
    assert [(r.organisation, r.person_id, r.categories, r.sources) for r in looks] == [(PROVIDER, "outi", ("identity",), (SOCIAL,))]
    with monkeypatch.context() as away:
        away.setattr(fresh.platform.organisations[PROVIDER].door, "at_the_head", lambda _: False)
        own = outi.register(OTHER_HETU, "Oma Asiakas")
        assert outi.get("/clients").json() == {
            "clients": [{"client_ref": own, "name": "Oma Asiakas"}], "incomplete": "consent_state_unknown",
        }
        nobody = outi.post("/clients/search", {"name": "no such name"}).json()
        assert nobody == {"clients": [], "incomplete": "consent_state_unknown"}, "it does not depend on the name"
    with monkeypatch.context() as away:
        asked: list[str] = []
        away.setattr(client_list, "LOST_SECONDS", -1.0)
        away.setattr(fresh.platform.organisations[PROVIDER].door, "at_the_head", asked.append)
        assert outi.get("/clients").json()["incomplete"] == "consent_state_unknown"
        assert asked == [], "where it has waited long enough it asks no more"
    assert clerk.give(client, "withdraw-consent", place="Testilä").status_code == 201
    assert outi.get("/clients").json()["clients"] == [{"client_ref": own, "name": "Oma Asiakas"}]


def test_references_are_not_asked_for_without_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(clients_module, "REGISTRATIONS", "3/minute")
    with web_on(tmp_path) as slow:
        paivi = slow.as_("paivi", SOCIAL, "own_social_worker")
        for _ in range(3):
            paivi.register()
        answer = paivi.post("/clients", {"full_name": "Testi Asiakas", "hetu": HETU})
        assert (answer.status_code, code(answer)) == (429, "asked_too_often")
        slow.as_("tiina", EMPLOYMENT, "employment_coach").register()


@pytest.mark.parametrize("hetu", ["010170-999S", "010170999R", "", "a" * 12])
def test_a_wrong_identity_code_is_refused_and_not_repeated(web: Web, hetu: str) -> None:
    answer = web.as_("paivi", SOCIAL, "own_social_worker").post("/clients", {"full_name": "Testi Asiakas", "hetu": hetu})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "hetu")
    assert not hetu or hetu not in answer.text


# Identity codes go nowhere


def test_an_identity_code_is_in_no_answer_log_or_address(fresh: Web, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    paivi, clerk = fresh.as_("paivi", SOCIAL, "own_social_worker"), fresh.as_("paivi", SOCIAL, "consent_clerk")
    client = paivi.register()
    paivi.post("/clients", {"full_name": "Testi Asiakas", "hetu": HETU, HETU: HETU})
    paivi.post("/clients", {"full_name": HETU, "hetu": HETU})
    paivi.post("/clients", [HETU])
    paivi.post("/clients/search", {"name": HETU})
    paivi.give(client, "write-note", note=f"Tunnus {HETU}")
    paivi.give(client, "open-case", HETU)
    paivi.give(client, "correct-entry", fact=HETU, reason=HETU, changes={HETU: HETU})
    paivi.get(f"/clients/{client}/path", params={"on": "2022"})
    clerk.give(client, "give-consent", scopes=[{"from": [HETU], "to": [HETU], "categories": [HETU]}], place=HETU)
    fresh.client(client).get(f"/clients/{client}/disclosures")
    fresh.platform.settle()
    fresh.as_(HETU, SOCIAL).get("/me")
    assert len(fresh.answers) == 12
    for answer in fresh.answers:
        assert HETU not in answer.text
        assert HETU not in str(answer.request.url)
        assert HETU not in str(answer.headers)
    assert HETU not in caplog.text
    assert client not in "".join(r.getMessage() for r in caplog.records if r.name.startswith(("palvelupolku", "services")))


def test_the_access_log_tells_which_address_and_no_client(web: Web, ref: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "palvelupolku.access")
    web.as_("paivi", SOCIAL, "own_social_worker").get(f"/clients/{ref}/path")
    said = [r.getMessage() for r in caplog.records if r.name == "palvelupolku.access"]
    assert said == [f"GET /{SOCIAL}/clients/{{client_ref}}/path 200"]


# The first page and health


def test_the_first_page_lists_organisations_and_loads_nothing(web: Web) -> None:
    page = web.send("GET", "/")
    for organisation in ORGANISATIONS:
        assert f'href="{organisation}/openapi.json"' in page.text
    assert "paivi" in page.text
    assert "http" not in page.text.replace('http-equiv', "")
    assert "script" not in page.text


def test_readiness_tells_the_truth(fresh: Web, client: str) -> None:
    assert fresh.send("GET", "/healthz").json() == {"alive": True}
    before = fresh.send("GET", "/readyz")
    assert before.status_code == 503
    assert before.json()["organisations"][HOME]["to_publish"] == 1
    fresh.platform.settle()
    fresh.app.state.runner.start()
    after = fresh.send("GET", "/readyz")
    fresh.app.state.runner.stop()
    assert (after.status_code, after.json()["ready"]) == (200, True)
    assert after.json()["organisations"][HOME] == {
        "to_publish": 0, "to_read": 0, "dead_letters": 0, "reactions_refused": 0, "failure": None,
    }


def test_an_answer_is_never_somebody_elses(web: Web, ref: str) -> None:
    """Cross-organisation addresses: each app knows its own routes only."""
    answer: httpx.Response = web.as_("reijo", FUNDER, "funder").give(ref, "start-activity", **PARTICIPATION)
    assert (answer.status_code, code(answer)) == (404, "no_such_address")
