"""The timeline's words: for every fact that can be told, in every language, with a word for every code."""

from datetime import date
from string import Formatter

import msgspec
import pytest

from events.activity import ActivityDecided, ActivityPaused, ParticipationRecorded
from events.catalogue import KNOWN
from events.envelope import INTERNAL, Says
from events.health import SickLeaveNoted, WorkAbilityLimitNoted
from events.internal import NoteWritten
from events.plan import CATEGORY as PLAN
from events.plan import ActivationPlanAgreed
from events.statement import StatementGiven
from projections.service_path.rows import TimelineRow
from projections.service_path.texts import LANGUAGES, texts
from projections.service_path.visible import NEVER_TOLD
from tests.projections.facts import Book, codes, example
from tests.projections.service_path.ask import path

TOLD = [c for c in KNOWN.values() if c not in NEVER_TOLD and (c.category != INTERNAL or c is NoteWritten)]


def text(says: Says, language: str = "fi", **names: str) -> str:
    return texts(language).tell(says, names)


def plain(language: str) -> dict[str, list[str]]:
    """The sentences as they stand in the table."""
    table = texts(language)._table
    return {name: table[name] for name in table}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fact_that_can_be_told_has_a_text_and_nothing_else_has(language: str) -> None:
    assert set(texts(language).sentences) == {c.__name__ for c in TOLD}
    assert set(texts(language).bare) == {c.__name__ for c in TOLD if c.category == PLAN}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cls", TOLD, ids=lambda c: c.__name__)
def test_every_text_speaks_and_leaves_nothing_open(language: str, cls: type[Says]) -> None:
    told = text(example(cls), language)
    assert told.endswith(".")
    assert not {"{", "}", "None"} & {*told, *told.split()}


@pytest.mark.parametrize("cls", TOLD, ids=lambda c: c.__name__)
def test_what_is_optional_may_be_missing(cls: type[Says]) -> None:
    fields = msgspec.structs.fields(cls)
    bare = example(cls, **{f.name: f.default for f in fields if f.default is not msgspec.NODEFAULT})
    assert all(text(bare, language) for language in LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_word_in_every_language(language: str) -> None:
    words = texts(language).words
    missing = {code for cls in TOLD for found in codes(cls).values() for code in found if not words.get(code)}
    assert missing == set()


def test_languages_say_the_same_things() -> None:
    """The same words, and of each fact the same fields in the same sentences."""
    def shape(language: str) -> dict[str, list[tuple[str, ...]]]:
        return {name: [_fields(line) for line in lines] for name, lines in plain(language).items()}

    for language in ("sv", "en"):
        assert texts(language).words.keys() == texts("fi").words.keys()
        assert shape(language) == shape("fi")


def _fields(line: str) -> tuple[str, ...]:
    condition = (line.split(" ")[0],) if line[0] in "?!" else ()
    return (*condition, *sorted(f"{name}:{spec}" for _, name, spec, _ in Formatter().parse(line) if name is not None))


def test_dates_days_and_numbers_in_the_form_of_the_language() -> None:
    says = ActivityDecided(
        starts_on=date(2022, 5, 9), ends_on=date(2022, 12, 30), days_per_week=1, hours_per_day=4, place="Paja"
    )
    assert text(says, "fi") == "Kuntouttavasta työtoiminnasta tehtiin päätös: 9.5.2022–30.12.2022, 1 päivä viikossa. Paikka: Paja."
    assert "9.5.2022–30.12.2022, 1 dag i veckan" in text(says, "sv")
    assert "from 9 May 2022 to 30 December 2022, 1 day a week" in text(says, "en")
    attended = ParticipationRecorded(activity="f" * 32, attended=True, hours=4.5)
    assert text(attended, "fi") == "Osallistui työtoimintaan. Tunteja: 4,5."
    assert text(attended, "en") == "Took part in the activity. Hours: 4.5."


def test_an_absence_is_told_without_its_reason() -> None:
    says = ParticipationRecorded(activity="f" * 32, attended=False, absence="own_illness")
    assert text(says) == "Ei osallistunut työtoimintaan tänä päivänä."


def test_codes_are_told_in_words() -> None:
    says = ActivityPaused(activity="f" * 32, reason="trial_work", until=date(2022, 12, 10))
    assert text(says) == "Työtoiminta jäi tauolle. Syy: työkokeilu. Tauko on suunniteltu 10.12.2022 asti."
    assert "Reason: trial work." in text(says, "en")


def test_parties_go_by_their_names_and_the_client_by_a_word() -> None:
    agreed = ActivationPlanAgreed(plan="f" * 32, plan_version=2, content_hash="h", party="orimattila-social")
    assert text(agreed, "fi", **{"orimattila-social": "Sosiaalipalvelut"}) == (
        "Suunnitelman hyväksyi: Sosiaalipalvelut (versio 2)."
    )
    assert "orimattila-social" in text(agreed)
    assert "asiakas" in text(msgspec.structs.replace(agreed, party="client"))


def test_a_statement_that_does_not_pay_says_so() -> None:
    says = example(StatementGiven, paying=False)
    assert "Lausunto ei ole maksava." in text(says)
    assert "Lausunto on maksava." in text(msgspec.structs.replace(says, paying=True))


@pytest.mark.parametrize("language", LANGUAGES)
def test_health_and_notes_never_say_why(language: str) -> None:
    limit = example(WorkAbilityLimitNoted, limit="selkä")
    assert "selkä" not in text(limit, language)
    assert "muistettavaa" not in text(NoteWritten(note="muistettavaa"), language)
    leave = SickLeaveNoted(from_day=date(2022, 3, 1), until=date(2022, 3, 15), certificate_seen=True)
    assert text(leave, "fi") == "Sairausloma 1.3.2022–15.3.2022."


def test_rows_carry_what_happened_where_and_when() -> None:
    book = Book()
    fact = book.fact(example(SickLeaveNoted), "2022-11-01", "employment")
    (row,) = path(book, language="en").timeline
    assert row == TimelineRow(
        event_id=fact.fact_id, on=date(2022, 11, 1), organisation="employment", category="health", type="SickLeaveNoted",
        text="Sick leave from 30 November 2022 to 30 November 2022.",
    )


def test_a_language_without_texts_is_answered_in_finnish() -> None:
    assert texts("ar").words == texts("fi").words
