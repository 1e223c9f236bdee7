"""Every invariant that can be checked on stored data (consent.md, "Invariants")."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Protocol

from consent.keys import NO_SUCH, OpenKey
from consent.meant_for import is_for, mention
from consent.policy import allows
from consent.release import PURPOSE
from consent.sealing import SealBroken, SignatureBroken, locator_of, unseal
from consent.withheld import Record, published_to
from events.catalogue import UnknownFact
from events.codec import UnreadableFact, decode
from events.consent import PathOpened, Scope
from events.envelope import INTERNAL
from events.shared_log import Positioned
from events.sqlite import Datastore
from projections.held import HeldFacts
from projections.intake import Beside
from services.kit.bootstrap import Platform
from services.kit.failures import told_without_values
from services.kit.organisation import Organisation

log = logging.getLogger(__name__)


class Finding(NamedTuple):
    """Something that does not hold. Names the invariant, the organisation and the place, no personal data."""

    invariant: str
    organisation: str
    what: str


@dataclass(frozen=True)
class Checked:
    """How much was looked at, and what does not hold."""

    counts: dict[str, int]
    findings: list[Finding]


class Organisations(Protocol):
    """A platform, or whatever else has organisations."""

    @property
    def organisations(self) -> Mapping[str, Organisation]: ...


Check = Callable[[Platform, dict[str, int]], Iterator[Finding]]


def check(platform: Platform, progress: Callable[[str], None] = lambda _: None) -> Checked:
    """Check a settled platform. ``progress`` is told the name of each check as it begins."""
    counts: dict[str, int] = {}
    findings: list[Finding] = []
    for name, one in CHECKS.items():
        progress(name)
        try:
            findings.extend(one(platform, counts))
        except Exception as error:  # what it stumbled over must not hide what the others find
            log.error("the check %s could not go on: %s", name, told_without_values(error))
            findings.append(Finding(name, "", f"the check could not go on: {type(error).__name__}"))
    return Checked(counts, findings)


def _count(counts: dict[str, int], name: str, by: int = 1) -> None:
    counts[name] = counts.get(name, 0) + by


def files(platform: Organisations, counts: dict[str, int]) -> Iterator[Finding]:
    """Each file is whole: places from 1 without gaps, ids once, every fact readable and of its category."""
    seen: set[str] = set()
    for organisation in platform.organisations.values():
        for client_ref in organisation.store.clients():
            try:
                facts = [decode(own.data) for own in organisation.store.own_facts(client_ref)]
            except (UnreadableFact, UnknownFact) as error:
                yield Finding("files", organisation.id, f"the file {client_ref} cannot be read: {error}")
                continue
            _count(counts, "facts", len(facts))
            if [f.source_seq for f in facts] != list(range(1, len(facts) + 1)):
                yield Finding("files", organisation.id, f"the file {client_ref} has gaps or doubles")
            for fact in facts:
                if fact.fact_id in seen or fact.category != fact.says.category or fact.client_ref != client_ref:
                    yield Finding("files", organisation.id, f"fact {fact.fact_id} is doubled or misplaced")
                seen.add(fact.fact_id)


def records(platform: Platform, counts: dict[str, int]) -> Iterator[Finding]:
    """Every record is of this platform's making, once, and as it was sealed and signed; none is gone. But for those that
    the client's own place has dismissed."""
    dismissed = {d.position for d in platform.home.store.dismissed()}
    ids: set[str] = set()
    positions: set[int] = set()
    for partition in platform.log.partitions():
        after = 0
        while batch := platform.log.read(partition, after, 500):
            asked = [(r.record.subject, locator_of(r.record)) for r in batch]
            answers = platform.authority.open_keys(platform.home.id, asked)
            for positioned, answer in zip(batch, answers, strict=True):
                _count(counts, "records")
                doubled = positioned.record.id in ids
                if doubled and not platform.places.alone:  # sent again after an answer that never came: the first counts
                    _count(counts, "copies")
                elif positioned.position in dismissed:
                    _count(counts, "dismissed")
                elif doubled or answer == NO_SUCH:
                    yield Finding("log", "", f"the record at {positioned.position} is doubled or of unknown making")
                ids.add(positioned.record.id)
                positions.add(positioned.position)
            for position, why in _altered(platform, [p for p in batch if p.position not in dismissed]):
                yield Finding("log", "", f"the record at {position} is not as it was written: {why}")
            after = batch[-1].position
    for organisation in platform.organisations.values():
        for client_ref in organisation.store.clients():
            for p in organisation.store.publications(client_ref):
                if p.position not in positions:
                    yield Finding("log", organisation.id, f"the record at {p.position}, which it published, is gone")


def _altered(platform: Platform, records: Sequence[Positioned]) -> Iterator[tuple[int, str]]:
    """(position, why) of records that do not open or bear a false signature. What nobody may open any more
    stays closed to this check too."""
    asked = [(r.record.subject, locator_of(r.record)) for r in records]
    keys: dict[int, OpenKey] = {}
    for organisation in platform.organisations:
        for n, answer in enumerate(platform.authority.open_keys(organisation, asked)):
            if isinstance(answer, OpenKey):
                keys.setdefault(n, answer)
    for n, key in keys.items():
        try:
            platform.verifier.check(*unseal(records[n].record, key.key), key.source)
        except (SealBroken, SignatureBroken) as error:
            yield records[n].position, str(error)


def at_the_head(platform: Platform, counts: dict[str, int]) -> Iterator[Finding]:
    """Everybody has read and published everything; nothing is set aside and no reaction was refused."""
    for organisation in platform.organisations.values():
        view = organisation.projector.view
        if not organisation.projector.on_its_log():
            yield Finding("at the head", organisation.id, "the shared log is not the one that was read: an older copy?")
        read_to = view.positions()
        if any(read_to.get(p, 0) != platform.log.head(p) for p in platform.log.partitions()):
            yield Finding("at the head", organisation.id, "the view is behind the log")
        if organisation.store.unpublished(1):
            yield Finding("at the head", organisation.id, "facts wait for the publisher")
        yield from left_in_plain_sight(organisation)


def left_in_plain_sight(organisation: Organisation) -> Iterator[Finding]:
    """What could not be understood, or reacted to, and waits for somebody to look at it."""
    for aside in organisation.projector.view.set_aside():
        yield Finding("at the head", organisation.id, f"record at {aside.position} is set aside: {aside.reason}")
    for position, _, _, code in organisation.store.reactions_refused():
        yield Finding("at the head", organisation.id, f"the reaction to the record at {position} was refused: {code}")


def held_only_where_covered(platform: Platform, counts: dict[str, int]) -> Iterator[Finding]:
    """Invariants 1, 2, 4: what is held is covered from its record's position until today, by all that the
    authority knows, not only by what the holder was told."""
    for organisation in platform.organisations.values():
        for client_ref in organisation.projector.view.clients():
            consent = platform.authority.consent(client_ref)
            for row in organisation.projector.view.held(client_ref):
                _count(counts, "facts held")
                scope = Scope(source=row.source, recipient=organisation.id, category=row.category, purpose=PURPOSE)
                steps = consent.steps(scope, organisation.today())
                if row.category == INTERNAL or not allows(steps, row.position, row.day, row.fact_date):
                    yield Finding("held only where covered", organisation.id, f"the fact at {row.position} is not covered")


def held_as_written(platform: Platform, counts: dict[str, int]) -> Iterator[Finding]:
    """Invariants 1, 10: what is held of others stands in their file, in the same words; an introduction's details
    have gone to the register."""
    for organisation in platform.organisations.values():
        for client_ref in organisation.projector.view.clients():
            written = {
                (source.id, own.header.source_seq): own.data
                for source in platform.organisations.values()
                for own in source.store.own_facts(client_ref)
            }
            for row in organisation.projector.view.held(client_ref):
                _count(counts, "facts compared with their file")
                own = written.get((row.source, row.source_seq))
                if own is None or (row.data != own and row.category != "identity"):
                    what = f"fact {row.source_seq} of {row.source} about {client_ref} does not stand so in its file"
                    yield Finding("held as written", organisation.id, what)


def nothing_missing(platform: Platform, counts: dict[str, int]) -> Iterator[Finding]:
    """Invariants 10, 11: every fact that somebody may have is in their view, once and unchanged."""
    for source in platform.organisations.values():
        for client_ref in source.store.clients():
            for recipient, data, seq in _due(platform, source, client_ref):
                _count(counts, "facts due to others")
                held = platform.organisations[recipient].projector.view.held(client_ref)
                found = [r for r in held if (r.source, r.source_seq) == (source.id, seq)]
                if len(found) != 1 or (found[0].category != "identity" and found[0].data != data):
                    yield Finding("nothing missing", recipient, f"fact {seq} of {source.id} about {client_ref} is missing")


def _due(platform: Platform, source: Organisation, client_ref: str) -> Iterator[tuple[str, bytes, int]]:
    consent, today = platform.authority.consent(client_ref), source.today()
    records: dict[int, list[Record]] = {}
    for p in source.store.publications(client_ref):
        records.setdefault(p.number, []).append(Record(p.position, p.time, p.recipients))
    for outgoing in source.store.own_facts(client_ref):
        head = outgoing.header
        for scope in consent.recipients(source.id, head.category, PURPOSE):
            if head.category == "identity" and getattr(decode(outgoing.data).says, "to", None) != scope.recipient:
                continue
            if not is_for(mention(head), scope, consent, head.fact_date, today, platform.installation.apart):
                continue
            due = consent.may_have_now(scope, head.fact_date, today)
            sent = published_to(scope.recipient, head.fact_date, records.get(outgoing.number, ()), consent, scope, today)
            if due or sent:
                yield scope.recipient, outgoing.data, head.source_seq


def told_alike(platform: Platform, counts: dict[str, int]) -> Iterator[Finding]:
    """Invariants 3, 12: of every scope that names it a party decides as the authority does."""
    clients = [c for c in platform.home.store.clients() if platform.authority.knows(c)]
    for organisation in platform.organisations.values():
        for client_ref in clients:
            own, all_of_it = organisation.projector.consent(client_ref), platform.authority.consent(client_ref)
            for scope in (s for s in all_of_it.scopes if organisation.id in (s.source, s.recipient)):
                _count(counts, "scopes")
                today = organisation.today()
                if own.steps(scope, today) != all_of_it.steps(scope, today):
                    yield Finding("told alike", organisation.id, f"decides otherwise than the authority about {client_ref}")


def rebuilt_equal(platform: Platform, counts: dict[str, int]) -> Iterator[Finding]:
    """Invariant 16: a rebuilt view equals the running one, row for row."""
    with TemporaryDirectory(dir=platform.data) as folder:
        for organisation in platform.organisations.values():
            view = HeldFacts(Datastore(Path(folder) / f"{organisation.id}.sqlite"))
            projector = organisation.projector_on(view, platform.log.reader(), register=Beside(None))
            while projector.step():
                pass
            rebuilt, running = projector.view.digests(), organisation.projector.view.digests()
            for table, digest in running.items():
                _count(counts, "rows compared", digest.rows)
                if rebuilt[table] != digest:
                    yield Finding("rebuilt equal", organisation.id, f"the rebuilt view differs in {table}")
            projector.close()
            projector.view.close()


def disclosed(platform: Platform, counts: dict[str, int]) -> Iterator[Finding]:
    """Invariant 9: what was opened was told to the client."""
    told = {
        decode(row.data).fact_id
        for client_ref in platform.home.projector.view.clients()
        for row in platform.home.projector.view.held(client_ref)
    }
    for organisation in platform.organisations.values():
        for client_ref in organisation.store.clients():
            for fact in organisation.own_facts(client_ref):
                if isinstance(fact.says, PathOpened) and organisation is not platform.home:
                    _count(counts, "disclosures")
                    if platform.authority.knows(client_ref) and fact.fact_id not in told:
                        yield Finding("disclosed", organisation.id, f"disclosure {fact.fact_id} has not reached the client")


def no_identity_codes(platform: Platform, counts: dict[str, int]) -> Iterator[Finding]:
    """No identity code or name of any register stands readable in any file of the data directory."""
    needles = {
        word.encode()
        for organisation in platform.organisations.values()
        for _, entry in organisation.register.entries()
        for word in (entry.hetu, entry.hetu.lower())
    }
    for path in sorted(platform.data.rglob("*")):
        if path.is_file() and needles:
            _count(counts, "files searched")
            content = path.read_bytes()
            if any(needle in content for needle in needles):
                yield Finding("no identity codes", "", f"an identity code stands in {path.relative_to(platform.data)}")


CHECKS: dict[str, Check] = {
    "files": files,
    "log": records,
    "at the head": at_the_head,
    "held only where covered": held_only_where_covered,
    "held as written": held_as_written,
    "nothing missing": nothing_missing,
    "told alike": told_alike,
    "rebuilt equal": rebuilt_equal,
    "disclosed": disclosed,
    "no identity codes": no_identity_codes,
}
