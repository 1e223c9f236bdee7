"""Time is passed in. One module reads the clock; a few measure how long they wait; nothing reads the environment."""

from tests.architecture.source import Call, all_calls, imports_of, named, paths

NOW = {"now", "today", "utcnow", "fromtimestamp", "time", "time_ns", "localtime", "gmtime"}
ON = {"datetime", "dt.datetime", "datetime.datetime", "date", "dt.date", "datetime.date", "time"}
THE_CLOCK = "services/kit/clock.py"
CONVERT = {("events/shared_log/__init__.py", "fromtimestamp"), ("services/kit/telemetry/logs.py", "fromtimestamp")}
"""From a record's time, and a logged line's, not from the clock."""

MEASURE = {
    "events/shared_log/sqlite.py", "events/shared_log/kafka/clients.py", "projections/door.py", "services/kit/loops.py",
    "services/kit/web/guard.py", "services/cli/upkeep.py", "services/cli/node.py", "services/scenario/remote.py",
    "services/kit/telemetry/figures.py", "services/kit/web/traced.py", "services/kit/upstreams.py",
    "services/kit/client_list.py",
}
"""How long a reader waits for news, how long a broker may take, how long a read waits to catch up, how long what fails
pauses, how often somebody asked, how long things take, how long somebody has been silent, how long a list waits, and how long the command line and the story player wait for others."""

ENVIRONMENT = {"services/kit/settings.py"}
"""Through pydantic-settings: who reads it by hand stands in no documentation."""


def reads_a_clock(call: Call) -> bool:
    return call.on in ON and call.name in NOW


def test_only_the_clock_knows_what_time_it_is() -> None:
    found = {(c.path, c.name) for c in all_calls() if reads_a_clock(c)}
    assert {f for f in found if f[0] != THE_CLOCK} - CONVERT == set()
    assert (THE_CLOCK, "now") in found


def test_only_who_waits_measures() -> None:
    found = {c.path for c in all_calls() if c.name in {"monotonic", "monotonic_ns", "perf_counter", "sleep"}}
    assert found <= MEASURE


def test_the_environment_is_read_at_the_edge() -> None:
    readers = {c.path for c in all_calls() if "environ" in f"{c.on}.{c.name}" or c.name == "getenv"}
    by_hand = {"os.environ", "os.getenv", "pydantic_settings", "pydantic_settings.BaseSettings"}
    readers |= {named(p) for p in paths() if by_hand & imports_of(p)}
    assert readers == ENVIRONMENT


def test_the_rule_sees_what_it_is_for() -> None:
    assert reads_a_clock(Call("x.py", "f", "datetime", "now")) and reads_a_clock(Call("x.py", "f", "dt.date", "today"))
    assert not reads_a_clock(Call("x.py", "f", "self._clock", "now"))
