import pytest
from pydantic import ValidationError

from events.envelope import INTERNAL
from events.internal import NoteWritten
from services.case.notes.commands import WriteNote
from tests.given_when_then import Case


@pytest.fixture
def case() -> Case:
    return Case("social", role="workshop_instructor")


def test_a_note_never_leaves(case: Case) -> None:
    case.when(WriteNote(note="  Sovittu soitto perjantaiksi "))
    case.then(NoteWritten(note="Sovittu soitto perjantaiksi"))
    assert case.new[0].category == INTERNAL


def test_an_empty_note_or_one_with_an_identity_code_is_refused(case: Case) -> None:
    with pytest.raises(ValidationError):
        WriteNote(note="  ")
    case.refused("identity_code_in_text", WriteNote(note="Tunnus 010170-999R"))
