"""Identity codes and references that somebody has put where they do not belong do not leave the process."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link

from services.kit.decide import IDENTITY_CODE
from services.kit.telemetry.logs import JsonLines
from services.kit.telemetry.redaction import Redacting, redacted

CODES = ("131052-930V", "131052−930V", "010594Y9032", "131052+930v", "131052%2D930V")
REF = "0123456789abcdef0123456789ABCDEF"
NAME = "Testi Nimenen"


@given(st.text(), st.sampled_from(CODES), st.text())
def test_what_is_refused_in_a_fact_is_taken_out(before: str, code: str, after: str) -> None:
    text = before + code + after
    told = redacted(text)
    assert code not in told and IDENTITY_CODE.search(told.encode("utf-8", "surrogatepass")) is None


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_found_wherever_it_stands(code: str) -> None:
    assert redacted(f"x{code}y ({code.lower()})") == "x[code]y ([code])"


def test_references_are_taken_out_and_what_is_longer_or_shorter_stays() -> None:
    assert redacted(f"/clients/{REF}/path?x={REF.lower()}") == "/clients/[ref]/path?x=[ref]"
    assert redacted(f"{REF}{REF}") == f"{REF}{REF}" and redacted(REF[:-1]) == REF[:-1]


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    told, handler = io.StringIO(), logging.StreamHandler()
    handler.setStream(told)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("planted")
    logger.addHandler(handler)
    logger.propagate = False
    yield told
    logger.removeHandler(handler)


def lines(told: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in told.getvalue().splitlines()]


def test_logs_tell_no_code_and_no_reference(logged: io.StringIO) -> None:
    log = logging.getLogger("planted")
    log.warning("of %s", f"{CODES[0]} {REF}")
    log.warning("100 % sure: " + CODES[0])
    log.warning("%(who)s", {"who": CODES[0]})
    assert [x["message"] for x in lines(logged)] == ["of [code] [ref]", "100 % sure: [code]", "[code]"]
    wrong = logging.LogRecord("planted", logging.INFO, "", 0, "%d of it", (CODES[0],), None)
    assert json.loads(JsonLines().format(wrong))["message"] == "a message that cannot be told"


def test_of_an_error_its_kind_and_place_are_told_and_never_its_words(logged: io.StringIO) -> None:
    log = logging.getLogger("planted")
    try:
        raise LookupError(f"no {NAME} ({CODES[0]})")
    except LookupError as error:
        log.exception("it failed")
        log.error("a library says: %s", error)
        log.error(error)
    for line in lines(logged):
        assert NAME not in str(line) and CODES[0] not in str(line)
        assert "LookupError < test_redaction.py" in str(line)


def test_a_logged_line_stands_in_its_trace(logged: io.StringIO) -> None:
    with TracerProvider().get_tracer("t").start_as_current_span("s") as span:
        logging.getLogger("planted").warning("here")
    context = span.get_span_context()
    (line,) = lines(logged)
    assert (line["trace_id"], line["span_id"]) == (f"{context.trace_id:032x}", f"{context.span_id:016x}")


def test_spans_tell_no_code_no_reference_and_no_words_of_errors() -> None:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Redacting(kept)))
    tracer = provider.get_tracer("planted")
    with tracer.start_as_current_span("before") as before:
        pass
    link = Link(before.get_span_context(), {"of": REF})
    with pytest.raises(ValueError), tracer.start_as_current_span(f"GET /{REF}", links=[link]) as span:
        span.set_attributes({"url.query": f"hetu={CODES[4]}", "list": (REF, "calm"), "n": 3})
        span.add_event(CODES[0], {"of": CODES[1]})
        raise ValueError(f"no {NAME} {CODES[2]}")
    told = kept.get_finished_spans()[1].to_json()
    assert not [secret for secret in (REF, NAME, *CODES) if secret in told]
    assert "calm" in told and "[code]" in told and kept.get_finished_spans()[1].name == "GET /[ref]"
