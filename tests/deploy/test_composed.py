"""What ``deploy/compose.yaml`` starts works together: a consent, a fact that another organisation sees, its withdrawal; and
nobody's account opens what is another's."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from kafka import KafkaAdminClient, KafkaConsumer
from kafka.errors import KafkaError

from services.kit.settings import KafkaEnvironment
from tests.deploy.composed import Composed, composed
from tests.web import HETU, HOME, OTHER_HETU, PROVIDER, SOCIAL, Session

WEB = {SOCIAL: SOCIAL, PROVIDER: f"{PROVIDER}-web", HOME: HOME}
SHARED = "Kuntouttava työtoiminta alkoi"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    """Without the employment services, who would only take time."""
    with composed(tmp_path_factory.mktemp("composed")) as installation:
        installation.start_postgres()
        installation.start_kafka()
        installation.once("administration")
        for organisation in (HOME, SOCIAL, PROVIDER):
            installation.once(f"{organisation}-migrate")
        installation.start(HOME)
        installation.start(SOCIAL, WEB[PROVIDER], f"{PROVIDER}-publisher", *2 * [f"{PROVIDER}-projector"])
        yield installation


class Over:
    """As ``tests.web.Web``: requests to the organisations' own addresses."""

    def __init__(self, installation: Composed):
        self._installation = installation

    def send(self, method: str, url: str, **how: Any) -> httpx.Response:
        address = self._installation.address(WEB[url.split("/")[1]])
        return httpx.request(method, f"{address}{url}", timeout=30, **how)

    def as_(self, person: str, organisation: str, role: str | None = None) -> Session:
        return Session(self, person, organisation, role)  # type: ignore[arg-type]


def soon(tells: Callable[[], bool]) -> bool:
    until = time.monotonic() + 30
    while not (told := tells()) and time.monotonic() < until:
        time.sleep(0.1)
    return told


def texts(path: Any) -> str:
    return " ".join(row["text"] for row in path["timeline"])


def shared_by(worker: Session, coach: Session, hetu: str) -> tuple[str, str]:
    """A client of both, and the consent by which the coach may see what social services do."""
    ref = worker.register(hetu)
    assert coach.register(hetu) == ref
    clerk = Session(worker.web, "paivi", SOCIAL, "consent_clerk")
    scopes = [{"from": [SOCIAL], "to": [PROVIDER], "categories": ["activity", "case"]}]
    given = clerk.give(ref, "give-consent", scopes=scopes, place="Testilä", witness="Testi Todistaja")
    assert given.status_code == 201, given.text
    return ref, given.json()["facts"][0]["fact_id"]


def test_a_fact_goes_where_consent_lets_it_and_is_gone_with_it(running: Composed) -> None:
    web = Over(running)
    worker, coach = web.as_("paivi", SOCIAL, "own_social_worker"), web.as_("outi", PROVIDER, "job_coach")
    ref, grant = shared_by(worker, coach, HETU)
    assert worker.give(ref, "start-activity", days_per_week=4, place="Paja").status_code == 201
    assert soon(lambda: SHARED in texts(coach.path(ref)))
    assert web.as_(ref, HOME).give(ref, "withdraw-consent", grant=grant).status_code == 201
    assert SHARED not in texts(coach.path(ref))


def test_a_key_is_changed_and_who_was_not_told_of_it_catches_up(running: Composed) -> None:
    """As ``rotate-keys-and-credentials.md`` does it, with the one mistake that can be made: the others are told too late.
    Then ``dead-letters.md``, and ``rebuild.md``."""
    web = Over(running)
    worker, coach = web.as_("paivi", SOCIAL, "own_social_worker"), web.as_("outi", PROVIDER, "job_coach")
    ref, _ = shared_by(worker, coach, OTHER_HETU)

    before, after = change_signing_key(running)
    installation = running.installation(SOCIAL)
    installation.write_text(installation.read_text().replace(f'"{before}"', f'"{before}", "{after}"'))
    running.stop(SOCIAL, HOME)
    home = running.installation(HOME)
    home.write_text(installation.read_text())
    running.start(HOME)
    running.start(SOCIAL)
    assert worker.give(ref, "start-activity", days_per_week=4, place="Paja").status_code == 201
    assert soon(lambda: len(dead_letters(running)) == 1)
    assert "Ei pidä paikkaansa" in running.run(WEB[PROVIDER], "node", "check", PROVIDER, status=1)
    assert "0 tietuetta ymmärrettiin, 1 odottaa" in running.run(WEB[PROVIDER], "node", "replay", PROVIDER)

    projector = f"{PROVIDER}-projector"
    running.stop(projector)
    for one in (projector, WEB[PROVIDER]):
        running.installation(one).write_text(installation.read_text())
    running.start(projector, projector)
    assert "1 tietuetta ymmärrettiin, 0 odottaa" in running.run(WEB[PROVIDER], "node", "replay", PROVIDER)
    assert dead_letters(running) == [] and SHARED in texts(coach.path(ref))

    running.run(WEB[PROVIDER], "node", "rebuild", PROVIDER)
    assert SHARED in texts(coach.path(ref))
    assert worker.give(ref, "end-activity", reason="other").status_code == 201
    assert soon(lambda: "päättyi" in texts(coach.path(ref)))
    for organisation in (PROVIDER, SOCIAL, HOME):
        checked = json.loads(running.run(WEB[organisation], "node", "check", organisation, "--json"))
        assert checked["findings"] == [] and checked["counts"]["views compared"] == 1


def change_signing_key(running: Composed) -> tuple[str, str]:
    """Of social services. Returns its public key before and after."""
    keys = ("keys", SOCIAL, "--installation", str(running.installation(SOCIAL)), "--secrets")
    secrets = running.folder / SOCIAL / "secrets"
    before = running.run(SOCIAL, *keys, str(secrets)).split('"')[1]
    (secrets / SOCIAL / "signing.key").unlink()
    return before, running.run(SOCIAL, *keys, str(secrets)).split('"')[1]


def dead_letters(running: Composed) -> list[Any]:
    found: list[Any] = json.loads(running.run(WEB[PROVIDER], "node", "dead-letters", PROVIDER, "--json"))["set_aside"]
    return found


def test_no_organisation_enters_the_others_database(running: Composed) -> None:
    own, other = (_url(running, o) for o in (SOCIAL, PROVIDER))
    name = psycopg.conninfo.conninfo_to_dict(other)["dbname"]
    psycopg.connect(own).close()
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(psycopg.conninfo.make_conninfo(own, dbname=name))


def _url(running: Composed, organisation: str) -> str:
    return (Path(running.environment(WEB[organisation])["SETTINGS_FOLDER"]) / "database_url").read_text()


def test_an_organisations_account_at_kafka_does_no_more_than_it_must(running: Composed, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in running.environment(SOCIAL).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("KAFKA_TIMEOUT", "3")
    settings = KafkaEnvironment().kafka("test")  # type: ignore[call-arg]
    admin = KafkaAdminClient(**{k: v for k, v in settings.client().items() if k != "metadata_max_age_ms"})
    with pytest.raises(KafkaError):
        admin.create_topics({"another": {"num_partitions": 1, "replication_factor": 1}})
    admin.close()
    stranger = settings.client() | {"sasl_plain_username": "nobody"}
    with pytest.raises(KafkaError):
        KafkaConsumer(**stranger)


def test_no_secret_stands_in_a_log(running: Composed) -> None:
    secrets = [p.read_bytes() for p in (running.folder / "compose" / "prepared" / "secrets").rglob("*password")]
    logs = [*running.folder.glob("*.log"), running.folder / "kafka" / "log"]
    assert len(secrets) == 11 and len(logs) == 7
    assert [log.name for log in logs for secret in secrets if secret in log.read_bytes()] == []
