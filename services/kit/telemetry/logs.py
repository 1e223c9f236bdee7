"""Logs: a line of JSON on stderr for each, with the trace it belongs to. Of errors the kind and the places are told,
never the words: a database's would repeat what was in the row. What is in a message is redacted."""

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType

from opentelemetry import trace

from services.kit.failures import told_without_values
from services.kit.telemetry.redaction import redacted

LIBRARIES = ("kafka", "psycopg", "httpx", "httpcore", "urllib3")
"""They tell at length of every connection and question: from them only what went wrong."""

log = logging.getLogger("palvelupolku")


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redacted(_message(record)),
        }
        if record.exc_info and isinstance(record.exc_info[1], BaseException):
            line["error"] = redacted(told_without_values(record.exc_info[1]))
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            line |= {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}
        return json.dumps(line, ensure_ascii=False)


def _message(record: logging.LogRecord) -> str:
    """With errors among its arguments told without their words."""
    message, args = str(_plain(record.msg)), record.args
    if isinstance(args, tuple):
        args = tuple(map(_plain, args))
    try:
        return message % args if args else message
    except (TypeError, ValueError, KeyError):
        return "a message that cannot be told"


def _plain(part: object) -> object:
    return told_without_values(part) if isinstance(part, BaseException) else part


def begin(level: str) -> None:
    """From now on everything that is logged here, warned of or left uncaught is told so; ``level`` as in ``logging``."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.captureWarnings(True)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _uncaught(kind: type[BaseException], error: BaseException | None, _: TracebackType | None) -> None:
    if not issubclass(kind, (KeyboardInterrupt, SystemExit)):
        log.critical("nobody caught %s", error or kind.__name__)
