"""A file that grew is the file that is read anew."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from events.activity import ActivityStarted
from events.case import CaseOpened, JointMeetingHeld
from events.envelope import Fact, Says
from services.kit.client_file import ClientFile

CLIENT = "c" * 32
SAYS: tuple[Says, ...] = (CaseOpened(), ActivityStarted(days_per_week=3, place="Paja"), JointMeetingHeld(participants=("Kela",), client_present=True))


@st.composite
def files(draw: st.DrawFn) -> list[list[Fact]]:
    """A file's facts as they were written, in batches."""
    written: list[Fact] = []
    batches: list[list[Fact]] = []
    for size in draw(st.lists(st.integers(0, 4), max_size=8)):
        for _ in range(size):
            earlier = draw(st.one_of(st.none(), st.sampled_from([f for f in written if f.corrects is None]))) if written else None
            written.append(
                Fact(
                    fact_id=f"{len(written) + 1:032x}", client_ref=CLIENT, organisation="own", source_seq=len(written) + 1,
                    name="x", version=1, category="case", occurred_on=date(2022, 3, 1) + timedelta(draw(st.integers(0, 3))),
                    recorded_at=datetime(2022, 3, 9, tzinfo=UTC), actor="testi", actor_name="Testi", role="client",
                    command_id=f"act-{draw(st.integers(0, 5))}#{'0' * 16}", says=earlier.says if earlier else draw(st.sampled_from(SAYS)),
                    corrects=earlier.fact_id if earlier else None, annuls=bool(earlier) and draw(st.booleans()),
                )
            )  # fmt: skip
        batches.append(written[len(written) - size :])
    return batches


def told(file: ClientFile) -> tuple[object, ...]:
    return file.version, file.command_ids, file.acts, [file.of(type(s)) for s in SAYS], file.of(*map(type, SAYS))


@given(files(), st.booleans())
def test_what_is_carried_forward_is_what_would_be_found(batches: list[list[Fact]], looked_at: bool) -> None:
    file, facts = ClientFile(CLIENT, "own"), list[Fact]()
    for batch in batches:
        before = told(file) if looked_at else None
        grown = file.plus(batch)
        assert before is None or told(file) == before, "the file before stays as it was"
        facts, file = [*facts, *batch], grown
        if looked_at:
            assert told(file) == told(ClientFile(CLIENT, "own", tuple(facts)))
    assert told(file) == told(ClientFile(CLIENT, "own", tuple(facts)))
