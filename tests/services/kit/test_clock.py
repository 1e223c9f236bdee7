from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from events.shared_log import HELSINKI
from services.kit.clock import ClockWentBack, RealClock, StoryClock


@pytest.fixture
def clock(tmp_path: Path) -> StoryClock:
    return StoryClock(tmp_path / "clock.json")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HELSINKI)


def test_it_stands_at_eight_in_the_morning_of_a_step(clock: StoryClock) -> None:
    clock.move(date(2022, 8, 23), 0)
    assert clock.now() == at("2022-08-23T08:00:00")
    clock.move(date(2022, 8, 23), 5)
    assert clock.now() == clock.now() == at("2022-08-23T08:00:05"), "and moves only with the story"


def test_before_its_first_step_it_stands_before_every_story(clock: StoryClock) -> None:
    """Were it today's, what ends in the story would have been passed already and never be removed."""
    assert clock.now() < at("2000-01-01T00:00:00")
    clock.move(date(2000, 1, 1), 1)
    assert clock.now() == at("2000-01-01T08:00:01")


def test_it_never_goes_back(clock: StoryClock) -> None:
    clock.move(date(2022, 8, 23), 5)
    with pytest.raises(ClockWentBack):
        clock.move(date(2022, 8, 22), 99)
    clock.move(date(2022, 8, 23), 3)
    assert clock.now() == at("2022-08-23T08:00:05")
    clock.move(date(2022, 8, 24), 1)
    assert clock.now() == at("2022-08-24T08:00:01")


def test_it_is_kept_by_its_directory(clock: StoryClock, tmp_path: Path) -> None:
    assert not clock.started
    clock.move(date(2022, 12, 1), 7)
    again = StoryClock(tmp_path / "clock.json")
    assert again.started and again.now() == clock.now() and again.now().utcoffset() == timedelta(hours=2)
    with pytest.raises(ClockWentBack):
        again.move(date(2022, 11, 30), 1)


def test_a_refused_move_is_not_kept(clock: StoryClock, tmp_path: Path) -> None:
    clock.move(date(2022, 12, 1), 7)
    with pytest.raises(ClockWentBack):
        clock.move(date(2022, 11, 1), 1)
    assert StoryClock(tmp_path / "clock.json").now() == at("2022-12-01T08:00:07")


def test_days_are_finlands(clock: StoryClock) -> None:
    assert RealClock().now().tzinfo is HELSINKI and clock.now().tzinfo is HELSINKI
    assert abs(RealClock().now() - datetime.now(HELSINKI)) < timedelta(seconds=5)
