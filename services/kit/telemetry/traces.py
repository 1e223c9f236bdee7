"""Spans, and the W3C ``traceparent`` by which a trace goes on elsewhere. Without a configured SDK they are nothing.

A span's name and attributes are words of this code and ids of organisations. Of an error it tells the kind and the place,
never its words.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from services.kit.failures import told_without_values

HEADER = "traceparent"
FOLLOWED = 16
"""Of a batch so many traces are followed, however many there are."""

_TRACER = trace.get_tracer("palvelupolku")
_TRACEPARENT = re.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-01")


@contextmanager
def span(
    name: str, attributes: Mapping[str, str | int], kind: SpanKind = SpanKind.INTERNAL, links: Iterable[SpanContext] = ()
) -> Iterator[Span]:
    """A span around what is within, in the trace that is under way here or a new one."""
    with _TRACER.start_as_current_span(
        name, kind=kind, links=[Link(c) for c in links], attributes=attributes,
        record_exception=False, set_status_on_exception=False,
    ) as opened:
        try:
            yield opened
        except Exception as error:
            if opened.is_recording():
                opened.set_attribute("error.type", type(error).__name__)
                opened.set_status(Status(StatusCode.ERROR, told_without_values(error)))
            raise


def traceparent() -> str:
    """Where what is under way here stands in its trace; empty where it is in none that is sampled."""
    context = trace.get_current_span().get_span_context()
    if not (context.is_valid and context.trace_flags.sampled):
        return ""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-01"


def context_of(header: str | None) -> SpanContext | None:
    """What a ``traceparent`` names, if it is one and sampled. Anybody may have written it."""
    found = _TRACEPARENT.fullmatch(header or "")
    context = found and SpanContext(int(found[1], 16), int(found[2], 16), is_remote=True, trace_flags=TraceFlags(1))
    return context if context and context.is_valid else None


@contextmanager
def going_on(header: str | None) -> Iterator[None]:
    """What is within belongs to the trace that the header names, if it names one."""
    parent = context_of(header)
    if parent is None:
        yield
        return
    token = contexts.attach(trace.set_span_in_context(NonRecordingSpan(parent)))
    try:
        yield
    finally:
        contexts.detach(token)


def followed(headers: Iterable[str]) -> list[SpanContext]:
    """The traces that these headers name, each once; the first ``FOLLOWED`` of them."""
    found = dict.fromkeys(h for h in headers if h)
    return [c for h in list(found)[:FOLLOWED] if (c := context_of(h)) is not None]


def note_in(trace_of: SpanContext, name: str, since: Span, attributes: Mapping[str, str]) -> None:
    """A short span in another trace: what was done for it in the batch of which ``since`` is the span, from the batch's
    beginning until now."""
    if not since.is_recording():
        return
    parent = trace.set_span_in_context(NonRecordingSpan(trace_of))
    begun = getattr(since, "start_time", None)
    _TRACER.start_span(name, parent, links=[Link(since.get_span_context())], attributes=attributes, start_time=begun).end()
