"""What must not be told is taken out of whatever leaves this process for who runs it: identity codes, and references of
32 hex digits (a client's, a fact's, a record's). A second line: nothing of ours puts them there."""

import re
from collections.abc import Sequence
from typing import Any

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Link, Status
from opentelemetry.util.types import Attributes

CODE, REF = "[code]", "[ref]"

_SIGN = "(?:[-+A-FU-Y\u2010-\u2015\u2212]|%2[BbDd])"
# Wherever it stands, unlike where a fact is refused for it: rather a harmless word too many than a code.
_CODE = re.compile(rf"[0-3]\d[01]\d{{3}}{_SIGN}\d{{3}}[0-9A-FHJ-NPR-Y]", re.I)
_REF = re.compile("(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", re.I)
_TOLD_BY_LIBRARIES = ("exception.message", "exception.stacktrace")

def redacted(text: str) -> str:
    return _REF.sub(REF, _CODE.sub(CODE, text))


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return tuple(_value(v) for v in value)
    return value


def _attributes(found: Attributes) -> Attributes:
    return {k: _value(v) for k, v in (found or {}).items() if k not in _TOLD_BY_LIBRARIES}


def redacted_span(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        redacted(span.name),
        span.context,
        span.parent,
        span.resource,
        _attributes(span.attributes),
        [Event(redacted(e.name), _attributes(e.attributes), e.timestamp) for e in span.events],
        [Link(link.context, _attributes(link.attributes)) for link in span.links],
        span.kind,
        None,
        Status(span.status.status_code, _kind_only(span.status.description)),
        span.start_time,
        span.end_time,
        span.instrumentation_scope,
    )


def _kind_only(description: str | None) -> str | None:
    """Libraries write ``KIND: WORDS`` there; ours, the kind and the places, has no such colon."""
    return description and redacted(description.partition(": ")[0])


class Redacting(SpanExporter):
    """Before another exporter."""

    def __init__(self, exporter: SpanExporter):
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([redacted_span(s) for s in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)
