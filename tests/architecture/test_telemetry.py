"""What tells of the process stands apart from what decides; the SDK behind it in one place."""

from tests.architecture.source import all_calls, imports_of, named, paths

SDK = ("opentelemetry.sdk", "opentelemetry.exporter", "prometheus_client")
MAY_KNOW_THE_SDK = {"services/kit/telemetry/setup.py", "services/kit/telemetry/redaction.py", "services/kit/web/figures.py"}


def importers(*packages: str) -> set[str]:
    return {named(p) for p in paths() if any(i.startswith(packages) for i in imports_of(p))}


def test_what_lies_below_the_services_is_watched_and_does_not_know_by_what() -> None:
    assert {p for p in importers("opentelemetry", "prometheus_client") if not p.startswith("services/")} == set()


def test_no_kind_of_service_knows_of_telemetry() -> None:
    kinds = ("services/social/", "services/employment/", "services/provider/", "services/case/")
    assert {p for p in importers("opentelemetry", "services.kit.telemetry") if p.startswith(kinds)} == set()


def test_the_sdk_is_set_up_in_one_place() -> None:
    assert importers(*SDK) == MAY_KNOW_THE_SDK


def test_the_web_framework_tells_nothing_by_itself() -> None:
    """It would tell of addresses with clients' references, and of values that were refused."""
    apps = {p for p in paths() if any(c.name == "FastAPI" and c.path == named(p) for c in all_calls())}
    assert apps
    for path in apps:
        text = path.read_text(encoding="utf-8")
        assert text.count("FastAPI(") == text.count("telemetry=NONE_OF_ITS_OWN"), named(path)
