"""Dashboards and alerts name exactly what the engine exports, and the guide explains all of it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from billing_engine.operations.monitoring.measures import GAUGES
from billing_engine.operations.monitoring.request_times import REQUEST_SECONDS
from tests.house.tree import ROOT, codes, table, text

ALERTS = Path("deploy/prometheus/alerts.yml")
DASHBOARD = Path("deploy/grafana/lead-billing.json")
GUIDE = Path("docs/running.md")

NAME = re.compile(r"lead_billing_\w+")
SERIES = ("_bucket", "_count", "_sum")
TIMES = next(iter(REQUEST_SECONDS.describe()))


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(text(ALERTS))["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return [panel for panel in json.loads(text(DASHBOARD))["panels"] if panel["type"] != "row"]


def expressions() -> list[str]:
    return [rule["expr"] for rule in rules()] + [target["expr"] for panel in panels() for target in panel["targets"]]


def exported() -> set[str]:
    return {*GAUGES, *(f"{TIMES.name}{series}" for series in SERIES)}


def test_every_metric_that_an_alert_or_the_dashboard_names_is_exported_and_every_one_exported_is_on_the_dashboard():
    named = {name for each in expressions() for name in NAME.findall(each)}
    shown = {name for panel in panels() for target in panel["targets"] for name in NAME.findall(target["expr"])}

    assert named - exported() == set()
    assert exported() - shown == set()


def test_every_metric_but_the_sums_that_are_only_looked_at_has_an_alert():
    alerted = {name for rule in rules() for name in NAME.findall(rule["expr"])}

    assert exported() - alerted == {
        "lead_billing_rated_actions",
        "lead_billing_run_items",
        f"{TIMES.name}_sum",
    }


def test_labels_are_those_that_the_metrics_have():
    labels = {name: set(allowed) for name, (_, allowed) in GAUGES.items()}
    labels |= {f"{TIMES.name}{series}": {"method", "route", "status"} for series in SERIES}
    offenders = [
        (name, label)
        for each in expressions()
        for name, filters in re.findall(r"(lead_billing_\w+)\{([^}]*)\}", each)
        for label in re.findall(r"(\w+)=", filters)
        if label not in labels[name]
    ]

    assert offenders == []


def test_every_expression_closes_what_it_opens():
    for each in expressions():
        assert [each.count(sign) for sign in "([{"] == [each.count(sign) for sign in ")]}"], each


def test_the_guide_has_every_metric_with_its_labels_and_no_other():
    rows = table(text(GUIDE), "metric", "labels", "what it is")

    told = {codes(row[0])[0]: tuple(codes(row[1])) for row in rows}
    assert told == {name: labels for name, (_, labels) in GAUGES.items()} | {TIMES.name: ("method", "route", "status")}


def test_the_guide_says_what_to_do_about_every_alert():
    rows = table(text(GUIDE), "alert", "what to do")

    assert [codes(row[0])[0] for row in rows] == [rule["alert"] for rule in rules()]
    assert {rule["labels"]["severity"] for rule in rules()} == {"page", "look"}


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_no_two_panels_lie_on_each_other(panel: dict[str, Any]):
    place = panel["gridPos"]
    others = [other["gridPos"] for other in panels() if other["id"] != panel["id"]]

    assert place["x"] + place["w"] <= 24
    assert not any(
        place["x"] < other["x"] + other["w"]
        and other["x"] < place["x"] + place["w"]
        and place["y"] < other["y"] + other["h"]
        and other["y"] < place["y"] + place["h"]
        for other in others
    )


def test_both_files_are_where_the_guide_says():
    assert [name for name in (ALERTS, DASHBOARD) if not (ROOT / name).is_file() or str(name) not in text(GUIDE)] == []
