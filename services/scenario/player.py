"""Plays a story: each step through the commands that the API gives, on the story's own clock, settled after each."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from services.kit.bootstrap import Platform
from services.kit.client_file import Actor
from services.kit.clock import ClockWentBack, StoryClock
from services.kit.command import Command
from services.kit.errors import Refused
from services.kit.identity import Identity
from services.kit.organisation import Organisation
from services.scenario.expect import plain, unmet
from services.scenario.people import People
from services.scenario.story import Expectation, Step, Story, StoryError
from services.scenario.views import view

REGISTER = "register_client"
OPEN = "open_path"


class Progress:
    """Which steps of a story are done, kept beside the data: a line for each."""

    def __init__(self, data: Path, story: str):
        name = "".join(c if c.isalnum() else "-" for c in story.lower())
        self._path = data / "stories" / f"{name}.done"
        self._path.parent.mkdir(parents=True, exist_ok=True)

    def done(self) -> list[str]:
        """Digests of the done steps, in order. A line that a crash cut off is not done."""
        if not self._path.exists():
            return []
        return [line.strip() for line in self._path.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def add(self, digest: str) -> None:
        done = self.done()
        temporary = self._path.with_suffix(".new")
        with temporary.open("w") as file:
            file.writelines(f"{d}\n" for d in [*done, digest])
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)


class Player:
    """Plays one story on one platform."""

    def __init__(self, platform: Platform, story: Story, people: People):
        if not isinstance(platform.clock, StoryClock):
            raise StoryError(0, "this data directory runs on the real clock: stories are refused here")
        self._platform, self._story, self._people, self._clock = platform, story, people, platform.clock
        self._progress = Progress(platform.data, story.name)
        self._named = {s.name: s for s in story.steps if s.name}

    def play(self) -> Iterator[Step]:
        """Play what is not done yet; yields each step once it is done for good. Raises ``StoryError``."""
        done = self._progress.done()
        self._check_done(done)
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
            for client in step.clients or (None,):
                self._do(step, client)
        self._platform.settle()
        for expectation in step.expect:
            self._expect(expectation)
        if step.expect:
            self._platform.settle()

    # Acts

    def _do(self, step: Step, client: str | None) -> None:
        try:
            self._act(step, client)
        except Refused as refusal:
            if step.refused == refusal.code:
                return
            raise StoryError(step.line, f"{step.do} was refused: {refusal}") from None
        if step.refused is not None:
            raise StoryError(step.line, f"{step.do} was to be refused ({step.refused}), but it was not")

    def _act(self, step: Step, client: str | None) -> None:
        if client is None:
            raise StoryError(step.line, "say of which `client`")
        identity = self._identity(step.who or "", step.line)
        organisation = self._platform.organisations[identity.organisation]
        if step.do == REGISTER:
            self._register(organisation, identity, step, client)
        elif step.do == OPEN:
            organisation.path(self._ref(client), self._acting(identity, step.role, None, step.line))
        else:
            self._command(organisation, identity, step, client)

    def _register(self, organisation: Organisation, identity: Identity, step: Step, client: str) -> None:
        details = self._people.client(client) | step.given
        actor = identity.acting(step.role or identity.roles[0])
        organisation.register_client(actor, details.get("name", client), details["hetu"], details.get("language", "fi"))

    def _command(self, organisation: Organisation, identity: Identity, step: Step, client: str) -> None:
        target, command_class = self._find(organisation, step)
        actor = self._acting(identity, step.role, command_class, step.line)
        given = self._resolved(step.given, step.line, client)
        command = self._validated(command_class, given, step)
        if target is not organisation and not organisation.is_client_here(self._ref(client)):
            raise Refused("not_a_client_here")
        target.execute(self._ref(client), command, actor, self._command_id(step, client))

    def _find(self, organisation: Organisation, step: Step) -> tuple[Organisation, type[Command]]:
        """The organisation's own command or, for a clerk, one of the authority's."""
        for target in (organisation, self._platform.home):
            command = target.features.commands.get(step.do or "")
            if command is not None and (target is organisation or "consent_clerk" in command.roles):
                return target, command
        known = ", ".join(sorted({REGISTER, OPEN, *organisation.features.commands}))
        raise StoryError(step.line, f"{organisation.id} has no command `{step.do}`; it has: {known}")

    def _acting(self, identity: Identity, role: str | None, command: type[Command] | None, line: int) -> Actor:
        """In the role said; or in the first of the person's roles that may give the command."""
        fitting = [r for r in identity.roles if command is None or r in command.roles]
        return identity.acting(role or (fitting or list(identity.roles))[0])

    def _validated(self, command: type[Command], given: dict[str, Any], step: Step) -> Command:
        try:
            return command.model_validate(given)
        except ValidationError as error:
            first = error.errors(include_input=False, include_context=False, include_url=False)[0]
            if step.refused == "invalid_input":
                raise Refused("invalid_input") from None
            raise StoryError(step.line, f"`{'.'.join(map(str, first['loc']))}`: {first['msg']}") from None

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
        step = self._named.get(name)
        if step is None or step.line >= line:
            raise StoryError(line, f"no earlier step is called `{name}` (`as: {name}`)")
        about = client if client in step.clients else step.clients[0]
        command_id = self._command_id(step, about)
        for organisation in self._platform.organisations.values():
            for fact in organisation.own_facts(self._ref(about)):
                if fact.command_id == command_id and fact_name in ("", fact.name):
                    return fact.fact_id
        raise StoryError(line, f"the step `{name}` made no such fact")

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

