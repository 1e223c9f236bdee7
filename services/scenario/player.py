"""Plays a story: each step through the commands that the API gives, on the story's own clock, settled after each."""

from collections.abc import Collection, Iterator
from typing import Any

from services.kit.bootstrap import Platform
from services.kit.client_file import Actor
from services.kit.clock import ClockWentBack, StoryClock
from services.kit.command import Command
from services.kit.errors import Invalid, Refused, Unknown
from services.kit.identity import Identity
from services.kit.organisation import Organisation
from services.scenario.acts import OPEN, REGISTER, command_of
from services.scenario.document import StoryError
from services.scenario.expect import plain, unmet
from services.scenario.people import People
from services.scenario.progress import Progress
from services.scenario.rehearsal import rehearse, validated
from services.scenario.story import Expectation, Step, Story
from services.scenario.views import view


class Player:
    """Plays one story on one platform."""

    def __init__(self, platform: Platform, story: Story, people: People):
        if not isinstance(platform.clock, StoryClock):
            raise StoryError(0, "this data directory runs on the real clock: stories are refused here")
        self._platform, self._story, self._people, self._clock = platform, story, people, platform.clock
        self._progress = Progress(platform.data, story.name)
        self._named = {(step.name, client): step for step in story.steps if step.name for client in step.clients}

    def play(self) -> Iterator[Step]:
        """Play what is not done yet; yields each step once it is done for good. Raises ``StoryError``."""
        done = self._progress.done()
        self._check_done(done)
        rehearse(self._story, self._platform, self._people)
        self._platform.settle()
        for step in self._story.steps[len(done) :]:
            self._play(step)
            self._progress.add(step.digest)
            yield step

    def _check_done(self, done: list[str]) -> None:
        for step, digest in zip(self._story.steps, done, strict=False):
            if step.digest != digest:
                raise StoryError(step.line, "this step is new or changed, but later steps have been played already")
        if len(done) > len(self._story.steps):
            raise StoryError(0, "steps that have been played are missing from the file")

    def _play(self, step: Step) -> None:
        try:
            self._clock.move(step.on, step.number)
        except ClockWentBack as error:
            raise StoryError(step.line, str(error)) from None
        if step.do is not None:
            for client in step.clients:
                self._do(step, client)
        self._platform.settle()
        for expectation in step.expect:
            self._expect(expectation)
        if step.expect:
            self._platform.settle()

    # Acts

    def _do(self, step: Step, client: str) -> None:
        try:
            self._act(step, client)
        except Refused as refusal:
            if step.refused == refusal.code:
                return
            raise StoryError(step.line, f"{step.do} was refused: {refusal}") from None
        if step.refused is not None:
            raise StoryError(step.line, f"{step.do} was to be refused ({step.refused}), but it was not")

    def _act(self, step: Step, client: str) -> None:
        identity = self._identity(step.who or "", step.line)
        if identity.client_ref is not None and identity.client_ref != self._ref(client):
            raise Unknown("not_a_client_here")
        organisation = self._platform.organisations[identity.organisation]
        if step.do == REGISTER:
            self._register(organisation, identity, step, client)
        elif step.do == OPEN:
            organisation.path(self._ref(client), _acting(identity, step.role, identity.roles))
        else:
            self._command(organisation, identity, step, client)

    def _register(self, organisation: Organisation, identity: Identity, step: Step, client: str) -> None:
        if organisation is self._platform.home:
            raise Unknown("unknown_command", "do")
        details = self._people.client(client) | step.given
        actor = _acting(identity, step.role, identity.roles)
        organisation.register_client(actor, details.get("name", client), details["hetu"], details.get("language", "fi"))

    def _command(self, organisation: Organisation, identity: Identity, step: Step, client: str) -> None:
        target, command_class = command_of(self._platform, organisation, step.do or "")
        actor = _acting(identity, step.role, command_class.roles)
        command = self._validated(command_class, self._resolved(step.given, step.line, client), step)
        if target is not organisation and not organisation.is_client_here(self._ref(client)):
            raise Unknown("not_a_client_here")
        target.execute(self._ref(client), command, actor, self._command_id(step, client))

    def _validated(self, command: type[Command], given: dict[str, Any], step: Step) -> Command:
        try:
            return validated(command, given, step)
        except StoryError:
            if step.refused == "invalid_input":
                raise Invalid("invalid_input") from None
            raise

    def _command_id(self, step: Step, client: str) -> str:
        return f"story:{self._story.name}:{step.number}:{client}"

    # Names

    def _identity(self, who: str, line: int) -> Identity:
        try:
            return self._people.identity(who)
        except LookupError as error:
            raise StoryError(line, str(error)) from None

    def _ref(self, client: str) -> str:
        return self._people.client_ref(client)

    def _resolved(self, value: Any, line: int, client: str) -> Any:
        """``$name`` stands for the fact that an earlier step made, ``$name.FactName`` for another of the same step."""
        if isinstance(value, str) and value.startswith("$"):
            return self._fact_id(value[1:], line, client)
        if isinstance(value, dict):
            return {k: self._resolved(v, line, client) for k, v in value.items()}
        if isinstance(value, list):
            return [self._resolved(v, line, client) for v in value]
        return value

    def _fact_id(self, reference: str, line: int, client: str) -> str:
        name, _, fact_name = reference.partition(".")
        step = self._named.get((name, client))
        if step is None or step.line >= line:
            raise StoryError(line, f"no earlier step about {client} is called `{name}` (`as: {name}`)")
        command_id = self._command_id(step, client)
        made = [
            fact
            for organisation in self._platform.organisations.values()
            for fact in organisation.own_facts(self._ref(client))
            if fact.command_id == command_id
        ]
        found = [fact.fact_id for fact in made if fact_name in ("", fact.name)]
        if not found:
            there = ", ".join(fact.name for fact in made) or "nothing"
            raise StoryError(line, f"the step `{name}` made no {fact_name or 'fact'}; it made: {there}")
        return found[0]

    # Expectations

    def _expect(self, expected: Expectation) -> None:
        try:
            seen = view(self._platform, self._people, expected)
        except Refused as refusal:
            if expected.refused == refusal.code:
                return
            raise StoryError(expected.line, f"the {expected.view} was refused: {refusal}") from None
        except LookupError as error:
            raise StoryError(expected.line, str(error)) from None
        if expected.refused is not None:
            raise StoryError(expected.line, f"the {expected.view} was to be refused ({expected.refused}), but it was not")
        sees, hides = (self._with_names(p, expected) for p in (expected.sees, expected.hides))
        for problem in unmet(seen, sees, hides):
            raise StoryError(expected.line, f"{expected.organisation}: {problem}")

    def _with_names(self, pattern: Any, expected: Expectation) -> Any:
        return self._resolved(plain(pattern), expected.line, expected.client or "")


def _acting(identity: Identity, role: str | None, may: Collection[str]) -> Actor:
    """In the role said; or in the first of the person's roles that may do it."""
    fitting = [r for r in identity.roles if r in may]
    return identity.acting(role or (fitting or list(identity.roles))[0])
