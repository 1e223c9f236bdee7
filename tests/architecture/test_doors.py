"""The dangerous calls stand where they may stand, and nowhere else. Whoever needs another place writes down why, here.

- What an organisation holds of others is read through ``projections.door`` only: there consent is judged at the head of
  the client's stream and the disclosure log is written first.
- Nothing reaches the shared log but through ``consent.release``.
"""

import pytest

from tests.architecture.source import Call, all_calls, imports_of, named, paths

READS_OTHERS_FACTS = {"held", "heard", "change_facts", "digests", "service_path"}
"""Calls that give the content of others' facts."""

MAY_READ = {
    ("projections/door.py", "Door._show", "service_path"): "the door",
    ("projections/door.py", "Door._may_still_be_seen", "held"): "the door",
    ("projections/door.py", "Door._changes", "change_facts"): "the door",
    ("projections/run.py", "Projector.__init__", "held"): "what consent no longer covers is removed",
    ("services/kit/organisation.py", "Organisation.is_client_here", "held"): "yes or no, of one's own clients",
    ("services/kit/reactor.py", "Reactor.step", "heard"): "own facts that react keep references, never content",
    ("services/kit/client_list.py", "_told", "held"): "judges consent at the head and writes the disclosure itself",
    ("services/client/desk.py", "HomeDesk._told", "held"): "the client's own: what they are told of disclosures",
    ("services/kit/check.py", "held_only_where_covered", "held"): "compares views with consent, shows nobody anything",
    ("services/kit/check.py", "held_as_written", "held"): "the same",
    ("services/kit/check.py", "nothing_missing", "held"): "the same",
    ("services/kit/check.py", "rebuilt_equal", "digests"): "the same",
    ("services/kit/check.py", "disclosed", "held"): "the same",
    ("services/kit/node_check.py", "_covered", "held"): "the same",
    ("services/kit/node_check.py", "_rebuilt_equal", "digests"): "the same",
}

MAY_SEND = {
    ("consent/release.py", "Release._send", "append"): "facts",
    ("consent/release.py", "release_change", "append"): "consent changes",
    ("consent/release.py", "Release._send", "seal"): "signs and seals",
    ("consent/release.py", "release_change", "seal"): "signs and seals",
    ("services/client/authority/keyring.py", "Authority._publish_change", "release_change"): "the authority's own changes",
    ("services/kit/moving/log.py", "_send", "append"): "sealed records as they are, to the log that takes the other's place",
    ("services/kit/publisher.py", "Publisher._publish", "publish"): "own facts",
    ("services/kit/publisher.py", "Publisher._send_again", "publish_again"): "own facts, to a newcomer",
}

OPENS_THE_LOG = {"services/kit/embedded.py", "services/kit/servers.py", "services/kit/moving/log.py"}


def reads_others_facts(call: Call) -> bool:
    return call.name in READS_OTHERS_FACTS


def sends(call: Call) -> bool:
    to_the_log = call.name == "append" and call.on.rpartition(".")[2].lstrip("_").endswith("log")
    return to_the_log or call.name in {"seal", "release_change", "publish", "publish_again"}


def places(calls: list[Call]) -> set[tuple[str, str, str]]:
    return {(c.path, c.function, c.name) for c in calls}


def test_others_facts_are_read_only_through_the_door() -> None:
    assert places([c for c in all_calls() if reads_others_facts(c)]) - set(MAY_READ) == set()


def test_only_release_sends() -> None:
    assert places([c for c in all_calls() if sends(c)]) - set(MAY_SEND) == set()


def test_no_permission_outlives_its_need() -> None:
    assert set(MAY_READ) | set(MAY_SEND) <= places([c for c in all_calls() if reads_others_facts(c) or sends(c)])


def test_only_a_place_opens_the_log_and_the_views() -> None:
    logs = {"events.shared_log.sqlite", "events.shared_log.kafka"}
    assert {named(p) for p in paths() if logs & imports_of(p) and not named(p).startswith("events/")} == OPENS_THE_LOG
    opened = {c.path for c in all_calls() if c.name == "HeldFacts"}
    assert opened <= OPENS_THE_LOG | {"services/kit/check.py"}


@pytest.mark.parametrize("table", ["held", "consent_changes"])
def test_nobody_reads_the_views_tables_past_the_view(table: str) -> None:
    past = [named(p) for p in paths() if f"FROM {table} " in p.read_text(encoding="utf-8") and named(p) != "projections/held.py"]
    assert past == []


@pytest.mark.parametrize(
    ("call", "is_dangerous"),
    [
        (Call("x.py", "f", "organisation.projector.view", "held"), reads_others_facts),
        (Call("x.py", "f", "", "service_path"), reads_others_facts),
        (Call("x.py", "f", "platform.log", "append"), sends),
        (Call("x.py", "f", "self._shared_log", "append"), sends),
        (Call("x.py", "f", "signer", "seal"), sends),
    ],
)
def test_the_rule_sees_what_it_is_for(call: Call, is_dangerous) -> None:  # type: ignore[no-untyped-def]
    assert is_dangerous(call)
    assert not sends(Call("x.py", "f", "rows", "append"))
