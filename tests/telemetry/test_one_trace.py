"""Processes and servers as they are run: one trace leads from a click in one organisation to the row in another's view,
and neither it nor the figures nor the logs tell of whom."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from typing import NamedTuple

import httpx
import pytest

from events.shared_log.kafka import KafkaSharedLog
from services.kit.clock import StoryClock
from tests.nodes import Town, town
from tests.telemetry.known import KNOWN
from tests.telemetry.receiver import Receiver, Sent, receiving

SOCIAL, EMPLOYMENT = "orimattila-social", "orimattila-employment"
HETU, NAME = "131052-930V", "Testi Nimenen"
SCOPES = [
    {"from": [SOCIAL], "to": [EMPLOYMENT], "categories": ["case"]}, {"from": [EMPLOYMENT], "to": [SOCIAL], "categories": ["case"]},
]
MEETING = {"participants": ["Kela"], "client_present": True}
PATIENCE_SECONDS = 60.0


class Clicked(NamedTuple):
    """A town in which a worker has opened a case, and the client's reference."""

    town: Town
    receiver: Receiver
    client_ref: str

    def post(self, path: str, role: str, body: object) -> httpx.Response:
        headers = {"Authorization": "Development paivi", "X-Role": role}
        return httpx.post(f"{self.town.addresses[SOCIAL]}/{SOCIAL}/{path}", headers=headers, json=body, timeout=30)

    def path_at_employment(self) -> httpx.Response:
        headers = {"Authorization": "Development tiina", "X-Role": "employment_coach"}
        address = f"{self.town.addresses[EMPLOYMENT]}/{EMPLOYMENT}/clients/{self.client_ref}/path"
        return httpx.get(address, headers=headers, timeout=30)

    def meeting_at_employment(self) -> httpx.Response:
        headers = {"Authorization": "Development tiina", "X-Role": "employment_coach"}
        address = f"{self.town.addresses[EMPLOYMENT]}/{EMPLOYMENT}/clients/{self.client_ref}/hold-joint-meeting"
        return httpx.post(address, headers=headers, json=MEETING, timeout=30)

    def path_at_social(self) -> httpx.Response:
        headers = {"Authorization": "Development paivi", "X-Role": "own_social_worker"}
        return httpx.get(f"{self.town.addresses[SOCIAL]}/{SOCIAL}/clients/{self.client_ref}/path", headers=headers, timeout=30)

    def traces_on_log(self) -> list[str]:
        """Of each record, empty where it has none."""
        with closing(KafkaSharedLog(self.town.kafka)) as log:
            return [p.record.trace for partition in log.partitions() for p in log.read(partition, 0, 1000)]

    def social_has_read_everything(self) -> bool:
        standing = httpx.get(f"{self.town.addresses[SOCIAL]}/readyz", timeout=30).json()["standing"]
        return bool(standing["to_read"] == 0)

    def figures(self) -> str:
        return "\n".join(httpx.get(f"{p.address}/metrics", timeout=30).text for p in self.town.processes)


@pytest.fixture(scope="module")
def clicked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clicked]:
    folder = tmp_path_factory.mktemp("traced")
    with receiving() as receiver, pytest.MonkeyPatch.context() as environment, town(folder) as made:
        environment.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.address)
        environment.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
        made.more[EMPLOYMENT] = {"TRACE_ON_LOG": "false"}
        StoryClock(made.clock_file).move(date(2022, 9, 1), 1)
        for organisation, part in ((made.home, None), (SOCIAL, "web"), (SOCIAL, "publisher"), (SOCIAL, "projector"), (EMPLOYMENT, None)):
            made.serve(organisation, part)
        for process in made.processes:
            process.wait_until_ready()
        yield _click(Clicked(made, receiver, ""))


def _click(at: Clicked) -> Clicked:
    written = at.post("clients", "own_social_worker", {"full_name": NAME, "hetu": HETU})
    assert written.status_code == 201, written.text
    at = at._replace(client_ref=written.json()["client_ref"])
    consent = at.post(f"clients/{at.client_ref}/give-consent", "consent_clerk", {"place": "Orimattila", "scopes": SCOPES})
    assert consent.status_code == 201, consent.text
    _until(at.social_has_read_everything)  # what is told before that is sent again later, and is not followed
    opened = at.post(f"clients/{at.client_ref}/open-case", "own_social_worker", {})
    assert opened.status_code == 201, opened.text
    _until(lambda: at.path_at_employment().status_code == 200)
    return at


def _until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


def trace_of(clicked: Clicked, click: str) -> str:
    (span,) = [s for s in clicked.receiver.wait_for(click) if s.name == click]
    return span.trace


def by_name(spans: list[Sent], name: str) -> set[str]:
    return {s.organisation for s in spans if s.name == name}


def test_one_trace_leads_from_a_click_to_the_row_in_anothers_view(clicked: Clicked) -> None:
    """Three processes have done it: the web's, the publisher's and the other organisation's."""
    trace = trace_of(clicked, "POST /clients/{client_ref}/open-case")
    spans = clicked.receiver.wait_for("published", "view.row", trace=trace)
    assert by_name(spans, "published") == {SOCIAL} and by_name(spans, "view.row") == {EMPLOYMENT}


def test_batches_are_one_span_each_and_linked_to_the_acts(clicked: Clicked) -> None:
    trace = trace_of(clicked, "POST /clients/{client_ref}/open-case")
    batches = [s for s in clicked.receiver.wait_for("publish batch", "project batch") if trace in s.links]
    assert {(s.name, s.organisation) for s in batches} >= {("publish batch", SOCIAL), ("project batch", EMPLOYMENT)}
    assert all(s.trace != trace for s in batches)


def test_a_consent_recorded_by_a_clerk_is_one_trace_through_the_authority_to_both_parties(clicked: Clicked) -> None:
    trace = trace_of(clicked, "POST /clients/{client_ref}/give-consent")
    spans = clicked.receiver.wait_for("ask Record", "answer Record", "view.consent", trace=trace)
    assert by_name(spans, "ask Record") == {SOCIAL} and by_name(spans, "answer Record") == {clicked.town.home}
    until = time.monotonic() + PATIENCE_SECONDS
    while by_name(spans, "view.consent") < {SOCIAL, EMPLOYMENT}:
        assert time.monotonic() < until
        time.sleep(0.1)
        spans = clicked.receiver.wait_for("view.consent", trace=trace)


def test_who_leaves_traces_off_the_log_is_followed_only_at_home(clicked: Clicked) -> None:
    """Its acts are traced in its own processes; the records that come of them say nothing of it."""
    held = clicked.meeting_at_employment()
    assert held.status_code == 201, held.text
    trace = trace_of(clicked, "POST /clients/{client_ref}/hold-joint-meeting")
    _until(lambda: "JointMeetingHeld" in clicked.path_at_social().text)
    on_log = clicked.traces_on_log()
    assert any(on_log) and not any(trace in told for told in on_log)
    assert not [s for s in clicked.receiver.wait_for("view.row") if s.trace == trace and s.organisation != EMPLOYMENT]


def test_prometheus_is_told_what_was_done(clicked: Clicked) -> None:
    lines = (
        f'palvelupolku_gate_passed_total{{category="case",organisation="{SOCIAL}"}}',
        f'palvelupolku_sealed_total{{organisation="{SOCIAL}"}}',
        f'palvelupolku_opened_total{{answer="key",organisation="{EMPLOYMENT}"}}',
        f'palvelupolku_opened_total{{answer="not_yours",organisation="{EMPLOYMENT}"}}',
        f'palvelupolku_keys_given_total{{organisation="{EMPLOYMENT}"}}',
        f'palvelupolku_keys_denied_total{{organisation="{EMPLOYMENT}",why="not_yours"}}',
        f'palvelupolku_consent_changes_total{{change="ConsentGiven",organisation="{clicked.town.home}"}}',
        f'palvelupolku_command_duration_seconds_count{{command="open_case",organisation="{SOCIAL}",outcome="done"}}',
        f'palvelupolku_read_duration_seconds_count{{organisation="{EMPLOYMENT}",view="path"}}',
        f'palvelupolku_to_publish{{organisation="{SOCIAL}"}} 0.0',
        f'palvelupolku_dead_letters{{organisation="{EMPLOYMENT}"}} 0.0',
    )
    until, told = time.monotonic() + PATIENCE_SECONDS, clicked.figures()
    while missing := [line for line in lines if line not in told]:
        assert time.monotonic() < until, missing
        time.sleep(0.1)
        told = clicked.figures()
    named = {re.sub("_(bucket|count|sum)$", "", n) for n in re.findall(r"^(palvelupolku_\w+)[{ ]", told, re.MULTILINE)}
    assert named <= set(KNOWN)


def test_nothing_that_leaves_the_processes_tells_of_whom(clicked: Clicked) -> None:
    clicked.receiver.wait_for("view.row")
    logs = [p.log.read_text() for p in clicked.town.processes]
    assert any("open-case 201" in log and "trace_id" in log for log in logs)
    sent = [clicked.figures(), *logs, *(body.decode("latin-1") for body in clicked.receiver.raw)]
    told = (HETU, HETU[:6], clicked.client_ref, NAME, NAME.split()[1], "paivi", "Päivi")
    assert [(t, text[:80]) for text in sent for t in told if t in text] == []
