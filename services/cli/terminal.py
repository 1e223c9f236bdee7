"""What every command of the command line shares: its options, plain words for what went wrong, progress bars."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from projections.run import LogReplaced
from services.cli import show
from services.cli.open import CannotServe, NoData
from services.kit.bootstrap import Platform
from services.kit.config import ConfigurationError
from services.kit.data_directory import InUse, LeftBehind
from services.kit.errors import Refused
from services.kit.organisation import Organisation
from services.kit.words import words
from services.scenario import views
from services.scenario.document import StoryError

Data = Annotated[Path, typer.Option("--data", help="The data directory: the shared log and a folder for each organisation.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
As = Annotated[str, typer.Option("--as", help="The organisation that asks.")]
DATA = Path("data")


@contextmanager
def in_plain_words(as_json: bool = False) -> Iterator[None]:
    """Turns what went wrong into one plain message and exit status 1."""
    try:
        yield
    except StoryError as error:
        fail(as_json, "story", error.message, f"rivi {error.line}: {error.message}", line=error.line)
    except Refused as refusal:
        text = words(refusal.code, "fi")
        fail(as_json, refusal.code, text, text, field=refusal.field)
    except LogReplaced:
        fail(as_json, "log_replaced", words("log_replaced", "fi"), words("log_replaced", "fi"))
    except OSError as error:
        text = f"{error.strerror or type(error).__name__}: {error.filename or ''}"
        fail(as_json, "files", text, text)
    except (LookupError, NoData, InUse, LeftBehind, CannotServe, ConfigurationError, RuntimeError) as error:
        text = str(error.args[0]) if error.args else str(error)
        fail(as_json, type(error).__name__, text, text)


def fail(as_json: bool, code: str, text: str, message: str, **more: Any) -> None:
    if as_json:
        print_json({"error": {"code": code, "text": text} | more})
    else:
        show.fail(message)
    raise typer.Exit(1)


def print_json(value: Any) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write("\n")


def progress_bars(as_json: bool) -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, disable=as_json or not show.screen.is_terminal, console=show.screen)


def those_asked(platform: Platform, organisation: str | None) -> list[Organisation]:
    return [views.organisation_of(platform, organisation)] if organisation else list(platform.organisations.values())
