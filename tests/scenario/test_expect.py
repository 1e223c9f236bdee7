"""What an expectation's pattern fits."""

from datetime import date
from typing import Any

import pytest

from services.scenario.expect import unmet

VIEW: dict[str, Any] = {
    "plan": {"state": "in_force", "version": 2, "services": [{"service": "coaching"}], "review_on": "2022-11-29", "next_version": None},
    "services": [
        {"service": "activity", "state": "running", "days_per_week": 2, "pauses": []},
        {"service": "coaching", "state": "ended", "days_per_week": None, "pauses": [{"from": "2022-10-01"}]},
    ],
    "statements": [{"measure": "activity", "paying": True}],
    "fees": [],
    "timeline": [{"type": "CaseOpened", "organisation": "social"}, {"type": "CoachingEnded", "organisation": "provider"}],
    "consent": [{"from": "social", "to": "provider", "categories": ["case", "plan"]}],
}

FITS: list[dict[str, Any]] = [
    {},
    {"services": []},
    {"services": ["activity"]},
    {"services": ["coaching", "activity"]},
    {"services": [{"service": "activity", "days_per_week": 2}]},
    {"services": [{"days_per_week": None}]},
    {"services": [{"pauses": [{"from": date(2022, 10, 1)}]}]},
    {"statements": ["activity"]},
    {"timeline": ["CoachingEnded", {"type": "CaseOpened", "organisation": "social"}]},
    {"plan": {"version": 2, "services": ["coaching"], "review_on": date(2022, 11, 29)}},
    {"plan": {"next_version": None}},
    {"consent": [{"to": "provider", "categories": ["plan"]}]},
    {"fees": []},
]

DOES_NOT_FIT: list[dict[str, Any]] = [
    {"services": ["job"]},
    {"services": ["activity", "job"]},
    {"services": ["running"]},
    {"services": [{"service": "activity", "state": "ended"}]},
    {"services": [{"service": "activity", "nothing": None}]},
    {"services": [{"service": "activity", "pauses": [{}]}]},
    {"services": {"service": "activity"}},
    {"services": "activity"},
    {"services": None},
    {"timeline": [{"type": "CaseOpened", "organisation": "provider"}]},
    {"plan": {"version": 1}},
    {"plan": None},
    {"plan": {"services": ["activity"]}},
    {"plan": {"review_on": date(2022, 11, 30)}},
    {"consent": [{"to": "provider", "categories": ["plan", "health"]}]},
    {"fees": ["start_fee"]},
    {"nothing": []},
]


@pytest.mark.parametrize("sees", FITS, ids=str)
def test_fits(sees: dict[str, Any]) -> None:
    assert unmet(VIEW, sees, {}) == []


@pytest.mark.parametrize("sees", DOES_NOT_FIT, ids=str)
def test_does_not_fit(sees: dict[str, Any]) -> None:
    assert len(unmet(VIEW, sees, {})) == 1


@pytest.mark.parametrize(
    "hides",
    [
        {"fees": "everything"},
        {"services": ["job"]},
        {"services": [{"service": "coaching", "state": "running"}]},
        {"plan": {"services": ["activity"]}},
        {"plan": {"version": 1}},
        {"timeline": ["HealthNoted", {"organisation": "nobody"}]},
        {"consent": [{"from": "provider"}]},
    ],
    ids=str,
)
def test_hidden(hides: dict[str, Any]) -> None:
    assert unmet(VIEW, {}, hides) == []


@pytest.mark.parametrize(
    "hides",
    [
        {"services": "everything"},
        {"plan": "everything"},
        {"services": ["coaching"]},
        {"services": ["job", "coaching"]},
        {"services": {"state": "ended"}},
        {"plan": {"services": ["coaching"]}},
        {"timeline": [{"organisation": "provider"}]},
        {"consent": [{"categories": ["case"]}]},
        {"nothing": "everything"},
    ],
    ids=str,
)
def test_not_hidden(hides: dict[str, Any]) -> None:
    assert len(unmet(VIEW, {}, hides)) == 1


def test_each_thing_shown_is_told() -> None:
    problems = unmet(VIEW, {}, {"services": ["coaching", "job", "activity"], "plan": {"version": 2}})
    assert [p.rsplit(": ", 1)[-1] for p in problems[:2]] == ["coaching", "activity"]
    assert len(problems) == 3


def test_of_what_was_not_looked_for_only_kinds_are_told() -> None:
    (problem,) = unmet(VIEW, {"services": ["job"]}, {})
    assert "job (there are: activity, coaching)" in problem
    assert "running" not in problem
    (problem,) = unmet(VIEW, {"fees": ["start_fee"]}, {})
    assert "there are: none" in problem
