"""What must hold on the log, of keys and in the stores, after each step."""

from collections.abc import Iterable
from datetime import date

from consent.keys import OpenKey
from consent.sealing import SIZE_CLASSES
from events.envelope import Fact
from events.shared_log import day_of
from tests.consent.stream import Sent, Stream, scope_of
from tests.consent.world import ORGANISATIONS, World

OVERHEAD = 16 + 12 + 16
"""Locator, nonce and tag around a padded plaintext."""


class OnTheLog:
    """``facts``: what people recorded, each with the token that only it contains."""

    def __init__(self, world: World):
        self.world = world
        self.stream = Stream(world)
        self.facts: list[tuple[Fact, str]] = []
        self._epochs: dict[int, tuple[object, ...]] = {}
        self._by_key: dict[bytes, list[Sent]] = {}
        self._locators: set[bytes] = set()

    def look(self) -> list[Sent]:
        """Read on, and hold what came to the rules of the log. Returns the facts newly sent."""
        new = list(self.stream.read_on())
        for sent in new:
            self._sent_rightly(sent)
        self._look_the_same_outside()
        return new

    def _sent_rightly(self, sent: Sent) -> None:
        """Publish: to at least one, and to nobody who may not have it at that place."""
        assert sent.fact.category != "internal", "internal left the house"
        assert sent.members, "sent to nobody"
        for member in sent.members:
            assert self.stream.might_have(sent, member), f"sent to {member}, who may not have it"
        assert sent.members == {sent.lane} or not sent.lane, "sent again to more than the newcomer"
        epoch = (sent.fact.client_ref, sent.fact.organisation, sent.fact.category, sent.lane, sent.members, sent.key)
        assert self._epochs.setdefault(sent.epoch, epoch) == epoch, "an epoch changed"
        same = self._by_key.setdefault(sent.key, [])
        assert all(s.epoch == sent.epoch for s in same), "two epochs with one key"
        same.append(sent)

    def _look_the_same_outside(self) -> None:
        """Size classes; and no two records show that they belong together."""
        for raw in list(self.stream.originals.values())[len(self._locators) :]:
            assert len(raw.record.data) - OVERHEAD in SIZE_CLASSES
            assert raw.record.data[:16] not in self._locators, "two records with one locator"
            self._locators.add(raw.record.data[:16])

    def exactly_those(self, new: Iterable[Sent], version: int) -> None:
        """The set is exactly those who may have it, by the consent that the source knew (up to ``version``)."""
        for sent in new:
            oracle, day = self.stream.oracles[sent.fact.client_ref], day_of(sent.raw.record.time)
            known = oracle.before(version + 1)
            may = {o for o in ORGANISATIONS if oracle.may_have(sent.scope(o), sent.fact.fact_date, day, known)}
            assert sent.lane or sent.members == may, f"sent to {set(sent.members)}, not to {may}"

    def keys(self) -> None:
        """With all the keys that it was ever given nobody opens a record that it might not have at its place."""
        for organisation in ORGANISATIONS:
            for key in self.world.keys[organisation] & self._by_key.keys():
                for sent in self._by_key[key]:
                    assert self.stream.might_have(sent, organisation), f"a key of {organisation} opens too much"

    def stored(self) -> None:
        """No view holds a row that was void at its place, or is by what the view has read."""
        for organisation in ORGANISATIONS:
            rows = self.by_position(organisation)
            if rows:
                self._stored(organisation, rows)

    def _stored(self, organisation: str, rows: list[Sent]) -> None:
        view = self.world.of(organisation).projector.view
        last_days, read = view.days_passed(), view.positions()
        for sent in rows:
            assert organisation in sent.members, f"{organisation} holds what was not sent to it"
            partition = self.world.log.partition_of(sent.fact.client_ref)
            last_day, read_to = last_days.get(partition, date.min), read.get(partition, 0)
            oracle, day = self.stream.oracles[sent.fact.client_ref], day_of(sent.raw.record.time)
            held = oracle.may_hold(
                sent.scope(organisation), sent.fact.fact_date, sent.raw.position, day, max(day, last_day),
                oracle.before(read_to + 1),
            )
            assert held, f"{organisation} holds what is void for it"

    def by_position(self, organisation: str) -> list[Sent]:
        """The records by which the organisation holds what it holds; a copy stands for its original."""
        sent = {s.raw.record.id: s for s in self.stream.sent}
        places = {s.raw.position: s for s in self.stream.sent}
        places |= {place: sent[record] for place, record in self.stream.copies.items() if record in sent}
        view = self.world.of(organisation).projector.view
        return [places[row.position] for client in self.world.clients for row in view.held(client)]

    def ask_for_all_keys(self, organisation: str) -> None:
        """A key is given exactly for what was sent to the organisation and what it may still hold."""
        records = list(self.stream.originals.values())
        sent = {s.raw.record.id: s for s in self.stream.sent}
        for raw, answer in zip(records, self.world.ask_keys(organisation, records), strict=True):
            one = sent.get(raw.record.id)
            if one is not None and organisation not in one.members:
                assert answer == "not_yours", "a key, or more than a plain no, for somebody else's record"
            elif one is not None:
                self._right_answer(one, organisation, answer)

    def _right_answer(self, sent: Sent, organisation: str, answer: object) -> None:
        if self.stream.may_hold(sent, organisation):
            assert isinstance(answer, OpenKey), "no key for what may be held"
        elif isinstance(answer, OpenKey):  # an epoch's key may still serve its younger facts
            oracle, day = self.stream.oracles[sent.fact.client_ref], day_of(sent.raw.record.time)
            scope, today = sent.scope(organisation), self.world.today
            youngest = oracle.may_hold(scope, date.max, sent.raw.position, day, today)
            assert youngest, "a key after cover was broken"

    def had_by_the_authority(self, client: str) -> set[tuple[str, str]]:
        """(fact, recipient) of all that may be had now, as the authority itself decides."""
        consent, today = self.world.platform.authority.consent(client), self.world.today
        return {
            (f.fact_id, o)
            for f, _ in self.facts if f.client_ref == client
            for o in ORGANISATIONS if consent.may_have_now(scope_of(f, o), f.fact_date, today)
        }

    def nothing_on_the_log_tells(self) -> None:
        """No name of an organisation, category or type, and no content, in the bytes of the log."""
        log = list(self.world.kept.bytes_of_the_log())
        words = [*ORGANISATIONS, "activity", "WorkerAssigned", "ActivityStarted", "WorkAbility", "ConsentGiven", "PathOpened"]
        for word in (*words, *(token for _, token in self.facts), *(f.fact_id for f, _ in self.facts)):
            assert all(word.encode() not in some for some in log), "the log tells"

    def moved(self) -> list[int]:
        """How far the log has come, and how far each organisation has read of it and holds."""
        views = [self.world.of(o).projector.view for o in ORGANISATIONS]
        read = [n for v in views for n in (*sorted(v.positions().values()), v.digests()["held"].rows)]
        return [self.world.records(), *read]
