"""What ``deploy/compose.yaml`` starts works together: a consent, a fact that another organisation sees, its withdrawal; and
nobody's account opens what is another's."""

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
from tests.web import HETU, HOME, PROVIDER, SOCIAL, Session

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


def test_a_fact_goes_where_consent_lets_it_and_is_gone_with_it(running: Composed) -> None:
    web = Over(running)
    worker, clerk = web.as_("paivi", SOCIAL, "own_social_worker"), web.as_("paivi", SOCIAL, "consent_clerk")
    coach = web.as_("outi", PROVIDER, "job_coach")
    ref = worker.register(HETU)
    assert coach.register(HETU) == ref
    scopes = [{"from": [SOCIAL], "to": [PROVIDER], "categories": ["activity", "case"]}]
    given = clerk.give(ref, "give-consent", scopes=scopes, place="Testilä", witness="Testi Todistaja")
    assert given.status_code == 201, given.text
    assert worker.give(ref, "start-activity", days_per_week=4, place="Paja").status_code == 201
    assert soon(lambda: SHARED in texts(coach.path(ref)))

    me = web.as_(ref, HOME)
    (grant,) = (fact["fact_id"] for fact in given.json()["facts"])
    assert me.give(ref, "withdraw-consent", grant=grant).status_code == 201
    assert SHARED not in texts(coach.path(ref))


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
    assert len(secrets) == 10 and len(logs) == 7
    assert [log.name for log in logs for secret in secrets if secret in log.read_bytes()] == []
