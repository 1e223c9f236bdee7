"""From a command, or another's fact, to an organisation's own new facts. Pure: time, actor and ids are given."""

import re
from collections.abc import Callable, Iterable, Sequence

from events.codec import MAX_FACT_BYTES, encode
from events.envelope import Fact
from services.kit.client_file import At, ClientFile, Draft, act_of
from services.kit.command import Command
from services.kit.errors import Impossible, Invalid, NotAllowed, Unknown
from services.kit.feature import Feature

NewRef = Callable[[], str]
"""Gives a fresh fact id."""

_CENTURY = rb"(?:[-+A-FU-Y]|\xe2\x80[\x90-\x95]|\xe2\x88\x92)"
"""The century's sign; a word processor makes another dash of the hyphen."""

IDENTITY_CODE = re.compile(rb"(?<![0-9A-Za-z])[0-3]\d[01]\d{3}" + _CENTURY + rb"\d{3}[0-9A-FHJ-NPR-Y](?![0-9A-Za-z])", re.I)

_MAX_FOLLOWING = 50


class Features:
    """The features switched on in one organisation, looked up by what they handle."""

    def __init__(self, features: Iterable[Feature]):
        self.all = tuple(features)
        self.says = frozenset(says for f in self.all for says in f.says)
        self.deciding = {command: f for f in self.all for command in f.decides}
        self.hears = frozenset(says.__name__ for f in self.all for says in f.reacts)
        """Names of the others' facts to which some feature reacts."""
        self.commands = {command.called(): command for command in self.deciding}

    def checks_for(self, feature: Feature, drafts: Sequence[Draft]) -> Iterable[Callable[[ClientFile], None]]:
        """The feature's own; all of them where something is corrected, since others may rest on it."""
        concerned = self.all if any(d.corrects for d in drafts) else (feature,)
        return (check for f in concerned for check in f.checks)


def decide(
    features: Features, file: ClientFile, command: Command, at: At, command_id: str, new_ref: NewRef
) -> tuple[Fact, ...]:
    """The facts that the command adds to the file; none when this command id is there already.

    The same act with another mark of its content (``act_of``) is refused.
    Raises ``Refused``: the role may not, the input is wrong, it cannot be. Then nothing is added.
    """
    feature = features.deciding.get(type(command))
    if feature is None:
        raise Unknown("unknown_command")
    if at.actor.role not in command.roles:
        raise NotAllowed("role_not_allowed")
    if command_id in file.command_ids:
        return ()
    act = act_of(command_id)
    if act is not None and act in file.acts:
        raise Impossible("key_of_another_command", "Idempotency-Key")
    drafts = feature.decides[type(command)](file, command, at)
    return _settled(features, feature, file, drafts, at, command_id, new_ref)


def react(
    features: Features, file: ClientFile, heard: Fact, at: At, new_ref: NewRef
) -> tuple[Fact, ...]:
    """The facts that another organisation's fact adds to one's own file, once however often it is heard."""
    command_id = f"heard:{heard.organisation}:{heard.fact_id}"
    if command_id in file.command_ids:
        return ()
    new: tuple[Fact, ...] = ()
    for feature in features.all:
        reaction = feature.reacts.get(type(heard.says))
        if reaction is not None:
            drafts = reaction(file.plus(new), heard, at)
            new += _settled(features, feature, file.plus(new), drafts, at, command_id, new_ref)
    return new


def _settled(
    features: Features, feature: Feature, file: ClientFile, drafts: Sequence[Draft], at: At, command_id: str, new_ref: NewRef
) -> tuple[Fact, ...]:
    new = stamped(file, drafts, at, command_id, new_ref)
    for fact in (queue := list(new)):
        if len(queue) > _MAX_FOLLOWING:
            raise RuntimeError("features follow each other in a circle")
        following = stamped(file.plus(queue), _following(features, file.plus(queue), fact, at), at, command_id, new_ref)
        queue.extend(following)
    _declared(features, feature, file, queue)
    after = file.plus(queue)
    for check in features.checks_for(feature, drafts):
        check(after)
    for fact in queue:
        check_fact(fact, at)
    return tuple(queue)


def _declared(features: Features, feature: Feature, file: ClientFile, queue: Sequence[Fact]) -> None:
    """What no feature declares nobody would take. What stands in the file can be corrected also where its feature is
    switched off by now."""
    strange = {type(fact.says) for fact in queue} - features.says
    if strange and not strange <= {type(fact.says) for fact in file.facts}:
        raise RuntimeError(f"{feature.name} says what no feature declares")


def _following(features: Features, file: ClientFile, fact: Fact, at: At) -> list[Draft]:
    follows = (f.follows.get(type(fact.says)) for f in features.all)
    return [draft for follow in follows if follow is not None for draft in follow(file, fact, at)]


def stamped(
    file: ClientFile, drafts: Sequence[Draft], at: At, command_id: str, new_ref: NewRef
) -> tuple[Fact, ...]:
    return tuple(
        Fact(
            fact_id=new_ref(),
            client_ref=file.client_ref,
            organisation=file.organisation,
            source_seq=file.version + n,
            name=type(draft.says).__name__,
            version=draft.says.version,
            category=draft.says.category,
            occurred_on=draft.on,
            recorded_at=at.now,
            actor=at.actor.person,
            actor_name=at.actor.name,
            role=at.actor.role,
            command_id=command_id,
            says=draft.says,
            because=draft.because,
            corrects=draft.corrects,
            annuls=draft.annuls,
            correction_reason=draft.correction_reason,
        )
        for n, draft in enumerate(drafts, start=1)
    )


def check_fact(fact: Fact, at: At) -> None:
    """What holds of every fact, whoever has made it. Raises ``Refused``."""
    if fact.occurred_on > at.today:
        raise Impossible("has_not_happened_yet", "on")
    written = encode(fact)
    if len(written) > MAX_FACT_BYTES:
        raise Invalid("too_large")
    if IDENTITY_CODE.search(written) is not None:
        raise Invalid("identity_code_in_text")
