from datetime import date

import pytest
from pydantic import ValidationError

from events.case import JointMeetingHeld
from services.case.corrections.commands import CorrectEntry
from services.case.meetings.commands import HoldJointMeeting
from tests.given_when_then import Case


@pytest.fixture
def case() -> Case:
    return Case("social", role="activity_supervisor", on="2022-11-30")


def test_a_joint_meeting_names_each_party_once(case: Case) -> None:
    case.when(
        HoldJointMeeting(
            participants=("own", "provider", "Kela", "provider"), client_present=True, agreed=("Kokeilu tammikuussa",)
        )
    )
    case.then(
        JointMeetingHeld(participants=("own", "provider", "Kela"), client_present=True, agreed=("Kokeilu tammikuussa",))
    )


def test_a_meeting_with_oneself_is_not_joint(case: Case) -> None:
    case.refused("nobody_else_at_the_meeting", HoldJointMeeting(participants=("own",), client_present=True))
    with pytest.raises(ValidationError):
        HoldJointMeeting(participants=(), client_present=True)


def test_nor_may_a_correction_make_it_one(case: Case) -> None:
    held = case.given(JointMeetingHeld(participants=("provider",), client_present=False))
    alone = CorrectEntry(fact=held, changes={"participants": ["own"]}, reason="muut eivät tulleet")
    case.refused("nobody_else_at_the_meeting", alone, field="participants")


def test_a_meeting_to_come_has_not_been_held(case: Case) -> None:
    tomorrow = HoldJointMeeting(participants=("provider",), client_present=True, on=date(2022, 12, 1))
    case.refused("has_not_happened_yet", tomorrow)
