"""What is shipped for those who watch: it speaks of figures that there are, and every alert has its section."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.kit.telemetry.redaction import redacted
from tests.telemetry.known import KNOWN
from tests.telemetry.test_redaction import CODES, REF

DEPLOY = Path(__file__).parents[2] / "deploy"
RUNBOOK = DEPLOY / "docs" / "runbooks" / "alerts.md"
LABELS = {"organisation", "le"} | {label for figure in KNOWN.values() for label in figure.labels}


def from_yaml(path: str) -> Any:
    return yaml.safe_load((DEPLOY / path).read_text(encoding="utf-8"))


def rules() -> list[dict[str, Any]]:
    return [rule for group in from_yaml("prometheus/alerts.yaml")["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    dashboard = json.loads((DEPLOY / "grafana" / "palvelupolku.json").read_text(encoding="utf-8"))
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def queries() -> Iterator[str]:
    for rule in rules():
        yield rule["expr"]
    for panel in panels():
        yield from (target["expr"] for target in panel["targets"])


def figures_in(query: str) -> Iterator[tuple[str, str]]:
    """Each figure's name, and the labels that are asked for in its braces."""
    for name, asked in re.findall(r"(palvelupolku_\w+)(?:\{([^}]*)\})?", query):
        yield re.sub("_(bucket|count|sum)$", "", name), asked


def test_every_query_is_of_figures_and_labels_that_there_are() -> None:
    assert len(list(queries())) > 30
    for query in queries():
        found = list(figures_in(query))
        assert found or query.startswith("up{"), query
        for name, asked in found:
            assert name in KNOWN, name
            assert set(re.findall(r"(\w+)\s*[=!]~?", asked)) <= set(KNOWN[name].labels), query
        grouped = {label.strip() for by in re.findall(r"by \(([^)]*)\)", query) for label in by.split(",")}
        assert grouped <= LABELS, query


def test_figures_that_are_asked_for_together_have_the_labels_they_are_grouped_by() -> None:
    """``sum by (x)`` of a figure without the label gives one row for all, and no error."""
    for query in queries():
        for by, name in re.findall(r"by \(([^)]*)\) \(\w*\(?(palvelupolku_\w+)", query):
            figure = KNOWN[re.sub("_(bucket|count|sum)$", "", name)]
            assert {label.strip() for label in by.split(",")} - {"le"} <= set(figure.labels), query


def test_brackets_and_quotes_close() -> None:
    for query in queries():
        bare = re.sub(r'"[^"]*"', "", query)
        assert '"' not in bare and all(bare.count(a) == bare.count(b) for a, b in ("()", "{}", "[]")), query


def test_every_figure_is_on_the_dashboard_or_in_an_alert() -> None:
    assert {name for query in queries() for name, _ in figures_in(query)} == set(KNOWN)


def test_every_alert_has_its_section_and_every_section_its_alert() -> None:
    sections = re.findall("^## (.+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    names = [rule["alert"] for rule in rules()]
    assert sorted(sections) == sorted(names) == sorted(set(names))
    for rule in rules():
        assert rule["annotations"]["runbook"] == f"deploy/docs/runbooks/alerts.md#{rule['alert'].lower()}"
        assert rule["annotations"]["summary"] and rule["labels"]["severity"] in ("page", "ticket")


def test_panels_have_names_of_their_own_and_places_that_do_not_overlap() -> None:
    titles = [panel["title"] for panel in panels()]
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels()}
    assert len(set(titles)) == len(titles) == len(places)


def test_the_collectors_pipelines_are_of_parts_that_it_has() -> None:
    collector = from_yaml("otel/collector.yaml")
    for pipeline in collector["service"]["pipelines"].values():
        for kind in ("receivers", "processors", "exporters"):
            assert set(pipeline[kind]) <= set(collector[kind])
        assert pipeline["processors"][0] == "memory_limiter" and "transform/redact" in pipeline["processors"]


def statements(context: str, of: str = "trace_statements") -> list[str]:
    found = from_yaml("otel/collector.yaml")["processors"]["transform/redact"][of]
    return [statement for part in found if part["context"] == context for statement in part["statements"]]


@pytest.mark.parametrize("about", ["span.attributes", "span.name"])
def test_the_collector_takes_out_what_the_processes_do(about: str) -> None:
    patterns = [
        (re.compile(pattern.replace("\\\\", "\\")), by)
        for pattern, by in re.findall(rf'replace\w+\({re.escape(about)}, (?:"value", )?"([^"]+)", "([^"$]+)"\)', "\n".join(statements("span")))
    ]
    assert len(patterns) == 2
    for planted in (*CODES, REF, f"GET /clients/{REF}/path"):
        told = planted
        for pattern, by in patterns:
            told = pattern.sub(by, told)
        assert told == redacted(planted)


def test_the_collector_lets_only_known_labels_through() -> None:
    (keep,) = statements("datapoint", "metric_statements")
    assert set(re.findall('"([^"]+)"', keep)) == LABELS - {"le"}


def test_no_label_is_a_persons_or_a_clients() -> None:
    assert LABELS.isdisjoint({"client", "client_ref", "person", "actor", "fact_id", "hetu", "name"})
