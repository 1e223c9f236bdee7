"""Bytes that are not a fact are refused by naming the field; no value is ever repeated, for it may be a person's."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec
import pytest

from events import upcasts
from events.case import CaseClosed
from events.catalogue import UnknownFact
from events.codec import UnreadableFact, decode, encode, header
from tests.events.goldens import fact_of

HETU = "010170-999R"
CASE = "ab" * 16


def written(**envelope: Any) -> bytes:
    plain = json.loads(encode(fact_of(CaseClosed)))
    return json.dumps(plain | envelope).encode()


def says(**fields: Any) -> bytes:
    return written(says={"case": CASE, "reason": "moved_away"} | fields)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (written(client_ref=HETU), "client_ref"),
        (written(source_seq=HETU), "source_seq"),
        (written(occurred_on=HETU), "occurred_on"),
        (written(occurred_on="2022-02-30"), "occurred_on"),
        (written(recorded_at=HETU), "recorded_at"),
        (written(recorded_at="2022-11-30T08:00:00"), "recorded_at"),
        (written(because=[HETU]), "because"),
        (written(annuls=HETU), "annuls"),
        (says(reason=HETU), "reason"),
        (says(reason=f"it's {HETU}"), "reason"),
        (says(reason=f"x' - at `{HETU}`"), "reason"),
        (says(reason=f'"{HETU}"'), "reason"),
        (says(case=HETU), "case"),
        (says(note=[HETU]), "note"),
    ],
)
def test_a_bad_value_is_told_by_its_field_alone(data: bytes, field: str) -> None:
    with pytest.raises(UnreadableFact) as error:
        decode(data)
    assert field in str(error.value)
    assert HETU not in str(error.value) and "it's" not in str(error.value)


@pytest.mark.parametrize("data", [f'{{"name": {HETU}'.encode(), HETU.encode(), b"", b"[]", b"null"])
def test_broken_json_is_unreadable_and_not_repeated(data: bytes) -> None:
    for read in (decode, header):
        with pytest.raises(UnreadableFact) as error:
            read(data)
        assert HETU not in str(error.value)


def test_bytes_that_are_not_text_are_unreadable() -> None:
    data = encode(fact_of(CaseClosed)).replace(b"testi", b"\xff" + HETU.encode())
    with pytest.raises(UnreadableFact, match="not UTF-8"):
        decode(data)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(UnreadableFact, match="case"):
        decode(written(says={"reason": "moved_away"}))


def test_an_unknown_fact_is_named_only_where_it_is_a_name() -> None:
    with pytest.raises(UnknownFact, match=r"CaseForgotten\.v1"):
        decode(written(name="CaseForgotten"))
    with pytest.raises(UnknownFact, match=r"CaseClosed\.v9"):
        decode(written(version=9))
    with pytest.raises(UnknownFact) as error:
        decode(written(name=HETU))
    assert HETU not in str(error.value)


def test_the_header_is_the_envelope_that_decides() -> None:
    fact = fact_of(CaseClosed, recorded_at=fact_of(CaseClosed).recorded_at, occurred_on=date(2022, 11, 20))
    head = header(encode(fact))
    assert (head.client_ref, head.organisation, head.category) == (fact.client_ref, fact.organisation, "case")
    assert head.fact_date == fact.fact_date == date(2022, 11, 20)


def test_a_fact_recorded_before_it_occurred_counts_from_its_recording() -> None:
    fact = fact_of(CaseClosed, occurred_on=date(2023, 1, 1))
    assert fact.fact_date == header(encode(fact)).fact_date == date(2022, 11, 30)


# Old versions


@pytest.fixture
def forget_upcasts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(upcasts, "UPCASTS", upcasts.UPCASTS)
    before = dict(upcasts.UPCASTS)
    yield
    upcasts.UPCASTS.clear()
    upcasts.UPCASTS.update(before)


class _CaseClosedV2(CaseClosed, frozen=True, kw_only=True):
    """As if closing told the place too."""

    place: str


@pytest.fixture
def second_version(monkeypatch: pytest.MonkeyPatch, forget_upcasts: None) -> None:
    """``CaseClosed`` has a version 2, and version 1 is carried forward to it."""
    monkeypatch.setattr("events.catalogue.KNOWN", {("CaseClosed", 2): _CaseClosedV2})
    upcasts.UPCASTS["CaseClosed", 1] = lambda old: {**old, "place": "not told", "reason": old["reason"]}


def test_version_1_reads_as_version_2_in_the_same_envelope(second_version: None) -> None:
    old = fact_of(CaseClosed)
    fact = decode(encode(old))
    expected = {f: getattr(old, f) for f in old.__struct_fields__} | {
        "version": 2,
        "says": _CaseClosedV2(**msgspec.structs.asdict(old.says), place="not told"),
    }
    assert {f: getattr(fact, f) for f in fact.__struct_fields__} == expected


def test_a_version_that_no_upcast_leads_from_is_unknown(second_version: None) -> None:
    with pytest.raises(UnknownFact):
        decode(written(version=3))


def test_upcasts_are_a_chain(forget_upcasts: None) -> None:
    upcasts.UPCASTS["X", 1] = lambda old: {**old, "steps": ["1 to 2"]}
    upcasts.UPCASTS["X", 2] = lambda old: {**old, "steps": [*old["steps"], "2 to 3"]}
    assert upcasts.upcast("X", 1, {}) == (3, {"steps": ["1 to 2", "2 to 3"]})
    assert upcasts.upcast("X", 3, {"as": "it was"}) == (3, {"as": "it was"})


@pytest.mark.parametrize("old", [{"case": CASE}, HETU, [HETU], {"case": CASE, "reason": HETU}])
def test_old_data_that_its_upcast_cannot_read_is_unreadable(second_version: None, old: Any) -> None:
    with pytest.raises(UnreadableFact) as error:
        decode(written(says=old))
    assert HETU not in str(error.value)
