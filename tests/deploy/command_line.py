"""Does a command line of ``palvelupolku`` exist as it is written? It is parsed by the program itself, and not run."""

from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from services.cli.main import app

PROGRAM = "palvelupolku"


class NoSuchCommand(Exception):
    """Says what the program would say."""


def check(words: Sequence[str]) -> None:
    """``words``: without the program's name. Raises ``NoSuchCommand``."""
    try:
        _parse(list(words))
    except Exception as error:
        if not hasattr(error, "format_message"):  # typer's own copy of click is not to be imported
            raise
        raise NoSuchCommand(f"{PROGRAM} {' '.join(words)}: {error.format_message()}") from None


def _parse(rest: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    context, name = None, PROGRAM
    while True:
        context = command.make_context(name, rest, parent=context)
        if not isinstance(command, TyperGroup):
            return
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
