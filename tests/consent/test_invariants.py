"""Invariants of consent.md that are clearer told one by one than found in the machine's interleavings."""

from collections.abc import Sequence

import msgspec
import pytest

from consent.release import party_key
from consent.sealing import CONSENT_CHANGE, PARTS_ROUNDED_TO, locator_of, open_part, unseal
from events.shared_log import Positioned
from services.case.health.commands import NoteWorkAbilityLimit
from services.case.meetings.commands import HoldJointMeeting
from services.case.notes.commands import WriteNote
from services.client.authority.commands import NarrowConsent
from services.kit.errors import Impossible, Unknown
from services.social.activity.commands import DecideActivity, StartActivity
from tests.consent.machine import ConsentMachine
from tests.consent.stories import COACH, TO_FIRST, line
from tests.consent.world import FIRST, FIRST_DAY, HOME, ORGANISATIONS, SECOND, SOTE, TE, actor


def by_position(m: ConsentMachine, organisation: str) -> list[int]:
    view = m.world.of(organisation).projector.view
    return sorted(row.position for client in view.clients() for row in view.held(client))


def test_5_narrowing_cannot_add(machine: ConsentMachine) -> None:
    machine.give(0, TO_FIRST, lasts=15)
    client = machine.world.clients[0]
    with pytest.raises(Impossible, match="narrowing_never_adds"):
        machine.world.consent(client, NarrowConsent(valid_until=FIRST_DAY.replace(day=30)))
    with pytest.raises(Unknown, match="not_in_the_consent"):
        machine.world.consent(client, NarrowConsent(remove=[line(SECOND)]))


def test_9_no_entry_no_answer(machine: ConsentMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.record(TE, 0, "activity")

    def no_room(*_: object) -> None:
        raise OSError("no room on the disk")

    monkeypatch.setattr(machine.world.of(TE).store, "append", no_room)
    with pytest.raises(OSError, match="no room"):
        machine.world.of(TE).path(machine.world.clients[0], actor(TE, "employment_coach"))


@pytest.mark.parametrize("change", ["withdraw", "narrow", "refuse", "give"])
def test_12_a_change_for_one_recipient_changes_nothing_for_another(machine: ConsentMachine, change: str) -> None:
    machine.record(SOTE, 0, "activity", 5)
    machine.give(0, (line([FIRST, SECOND]),), history=60)
    machine.give(0, (line(FIRST, "case"),))
    machine.settle()
    held, told = by_position(machine, SECOND), machine.world.of(SECOND).projector.view.digests()["consent_changes"]
    changes = {
        "withdraw": lambda: machine.withdraw(0, 1),
        "narrow": lambda: machine.narrow(0, 0, remove=2),
        "refuse": lambda: machine.refuse(0, TO_FIRST),
        "give": lambda: machine.give(0, TO_FIRST, history=60),
    }
    changes[change]()
    assert machine.accepted
    machine.settle()
    assert by_position(machine, SECOND) == held
    assert machine.world.of(SECOND).projector.view.digests()["consent_changes"] == told


def test_14_who_may_see_nothing_cannot_tell_whether_there_is_something(machine: ConsentMachine) -> None:
    machine.record(SOTE, 0, "activity")
    machine.give(0, TO_FIRST)
    machine.settle()
    refusals = []
    for client in (machine.world.clients[0], "f" * 32):
        with pytest.raises(Unknown) as refused:
            machine.world.of(SECOND).path(client, actor(SECOND, "job_coach"))
        refusals.append((type(refused.value), vars(refused.value)))
    assert refusals[0] == refusals[1]


def test_14_a_hidden_fact_changes_nothing_in_the_answer(machine: ConsentMachine) -> None:
    machine.give(0, TO_FIRST)
    machine.record(SOTE, 0, "activity")
    machine.settle()
    path = machine.world.of(FIRST).path(machine.world.clients[0], actor(*COACH))
    for category in ("case", "health", "internal"):
        machine.record(SOTE, 0, category)
    machine.record(TE, 0, "activity")
    machine.settle()
    after = machine.world.of(FIRST).path(machine.world.clients[0], actor(*COACH))
    assert msgspec.json.encode(after) == msgspec.json.encode(path)


@pytest.mark.parametrize("consent", ["none", "given", "refused"])
def test_15_no_decision_depends_on_an_optional_consent(machine: ConsentMachine, consent: str) -> None:
    everything = [line([TE, FIRST, SECOND, HOME], category) for category in ("activity", "case", "health")]
    if consent == "given":
        machine.give(0, everything, history=60)
    if consent == "refused":
        machine.refuse(0, everything)
    machine.settle()
    commands = (
        DecideActivity(starts_on=FIRST_DAY, ends_on=FIRST_DAY.replace(month=9), days_per_week=3, hours_per_day=4, place="Paja"),
        StartActivity(days_per_week=3, place="Paja"),
        NoteWorkAbilityLimit(limit="ei raskaita nostoja", from_day=FIRST_DAY),
        HoldJointMeeting(participants=(TE, FIRST), client_present=True),
        WriteNote(note="muistettavaa"),
    )
    by, client = actor(SOTE, "own_social_worker"), machine.world.clients[0]
    done = [f for n, c in enumerate(commands) for f in machine.world.of(SOTE).execute(client, c, by, f"given-{n}")]
    assert [f.name for f in done] == [
        "ActivityDecided", "ActivityStarted", "WorkAbilityLimitNoted", "JointMeetingHeld", "NoteWritten"
    ]


def consent_changes(m: ConsentMachine) -> Sequence[Positioned]:
    sent = {s.raw.position for s in m.checks.stream.sent}
    return [raw for raw in m.checks.stream.originals.values() if raw.position not in sent]


def test_17_an_outsider_learns_nothing_from_the_authority(machine: ConsentMachine) -> None:
    machine.give(0, (line(TE), line(TE, "health"), line(TE, "case", source=FIRST)))
    for source, category in ((SOTE, "activity"), (SOTE, "health"), (FIRST, "case")):
        machine.record(source, 0, category)
    machine.world.settle()
    machine.checks.look()
    authority, client = machine.world.platform.authority, machine.world.clients[0]
    records = [s.raw for s in machine.checks.stream.sent if s.fact.category != "consent"]
    records += [r for r in consent_changes(machine) if r.position < records[0].position]
    assert len({str(a) for a in machine.world.ask_keys(SECOND, records)}) == 1
    assert authority.consent_head(client, SECOND).position == authority.consent_head("f" * 32, SECOND).position == 0


def test_17_each_party_opens_its_own_part_of_a_change_and_cannot_count_the_others(machine: ConsentMachine) -> None:
    machine.give(0, (line(FIRST), line(SECOND, "case")))
    (raw,) = [c for c in consent_changes(machine) if c.position == machine.checks.stream.oracles[machine.world.clients[0]].changes[-1].position]
    authority = machine.world.platform.authority
    (number,) = authority._locators.read([locator_of(raw.record)])
    assert number is not None
    inside, _ = unseal(raw.record, authority._key(number))
    parts = msgspec.msgpack.decode(inside.body, type=list[bytes])
    assert inside.kind == CONSENT_CHANGE
    assert len(parts) % PARTS_ROUNDED_TO == 0
    assert len({len(p) for p in parts}) == 1
    root = authority._root(raw.record.subject)
    opened = {o: open_part(inside.body, party_key(root, o, number)) for o in ORGANISATIONS}
    named = {o: {p for p in (FIRST, SECOND) if p.encode() in part} for o, part in opened.items() if part is not None}
    assert named == {FIRST: {FIRST}, SECOND: {SECOND}, SOTE: {FIRST, SECOND}, HOME: {FIRST, SECOND}}
