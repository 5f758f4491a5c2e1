"""On AWS, alarms replace Prometheus' alerts: the same names, figures and bounds, and the same advice."""

import re
from pathlib import Path

import pytest
import yaml

from billing_engine.operations.monitoring import cloudwatch
from billing_engine.operations.monitoring.cloudwatch import TOTALS
from billing_engine.operations.monitoring.measures import GAUGES
from tests.deploy.cloud import of_type, template
from tests.house.tree import codes, table, text

RULES = {
    rule["alert"]: rule
    for group in yaml.safe_load(text(Path("deploy/prometheus/alerts.yml")))["groups"]
    for rule in group["rules"]
}
FIGURES, WEB, DATA = (
    of_type(template(name), "AWS::CloudWatch::Alarm") for name in ("ecs.alarms.yml", "ecs.service.yml", "ecs.infra.yml")
)
SCALING = {"QueueIsDeep", "UnratedIsOld", "NothingWaits"}  # these notify no person
# Alerts without an alarm of their own, each with the alarm that covers it and why.
COVERED = {
    "NothingIsExported": ("BeatStandsStill", "beat is who writes the figures, and its silence is that alarm"),
    "RequestsFail": ("WebFailing", "a histogram of gunicorn's processes; the load balancer counts 5xx answers"),
    "IntakeIsSlow": ("WebSlow", "a histogram of gunicorn's processes; the load balancer times all requests"),
}
# Alarms for metrics that Prometheus gets from other exporters.
OF_TASKS = {"WorkersAreAway": "worker", "BeatIsAway": "beat"}
# Alerts with an expression that adds or divides: the total that beat writes for the alarm.
TOTAL = {
    "NothingIsReceived": ("ReceivedTotal", 0),
    "MuchIsRefused": ("QuarantinedShare", 0.2),
    "QueueGrows": ("DeepestQueue", 2000),
}
NAMESPACE = {"Fn::Sub": "LeadBilling/${ServiceStack}"}


def test_every_alert_is_an_alarm_or_is_covered_by_one_that_is_named():
    assert set(FIGURES) - set(OF_TASKS) == set(RULES) - set(COVERED)
    assert {alarm for alarm, _ in COVERED.values()} <= {*FIGURES, *WEB}


@pytest.mark.parametrize("name", sorted(set(FIGURES) - set(OF_TASKS)))
def test_an_alarm_reads_the_figure_of_its_alert_and_has_the_same_bound(name: str):
    alarm = FIGURES[name]
    metric, dimensions, operator, bound = _asked(name)

    assert (alarm["Namespace"], alarm["Statistic"], alarm["MetricName"]) == (NAMESPACE, "Maximum", metric)
    assert {one["Name"]: one["Value"] for one in alarm.get("Dimensions", [])} == dimensions
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == (operator, bound)


@pytest.mark.parametrize("name", sorted(set(FIGURES) - set(OF_TASKS) - {"NothingIsReceived", "BeatStandsStill"}))
def test_an_alarm_waits_as_long_as_its_alert(name: str):
    minutes = int(RULES[name].get("for", "1m").removesuffix("m"))

    assert (FIGURES[name]["Period"], FIGURES[name]["EvaluationPeriods"]) == (60, minutes)


def test_nothing_is_received_looks_at_two_hours_and_a_new_beat_may_take_five_minutes():
    waited = {name: FIGURES[name]["Period"] * FIGURES[name]["EvaluationPeriods"] for name in FIGURES}

    assert "[2h:5m]" in RULES["NothingIsReceived"]["expr"]
    assert (waited["NothingIsReceived"], waited["BeatStandsStill"]) == (7200, 300)


def test_every_figure_of_an_alarm_is_one_that_beat_writes():
    written = {cloudwatch.metric_name(gauge): cloudwatch.dimensions_of(gauge) for gauge in GAUGES}
    written |= {name: [] for name in TOTALS}
    asked = {
        one["MetricName"]: [dimension["Name"] for dimension in one.get("Dimensions", [])]
        for name, one in FIGURES.items()
        if name not in OF_TASKS
    }

    assert {name: dimensions for name, dimensions in asked.items() if written.get(name) != dimensions} == {}


def test_silence_alarms_where_it_means_that_nothing_works_and_says_nothing_elsewhere():
    breaching = {name for name, one in FIGURES.items() if one["TreatMissingData"] == "breaching"}

    assert breaching == {"BeatStandsStill", *OF_TASKS}
    assert {one["TreatMissingData"] for name, one in FIGURES.items() if name not in breaching} == {"ignore"}
    assert WEB["WebAway"]["TreatMissingData"] == "breaching"


def test_no_task_of_a_kind_is_an_alarm_of_its_own():
    asked = {
        name: (one["Namespace"], one["MetricName"], one["Dimensions"][1]["Value"], one["ComparisonOperator"])
        for name, one in FIGURES.items()
        if name in OF_TASKS
    }

    assert asked == {
        name: (
            "ECS/ContainerInsights",
            "RunningTaskCount",
            {"Fn::Sub": f"${{ServiceStack}}-{kind}"},
            "LessThanThreshold",
        )
        for name, kind in OF_TASKS.items()
    }


@pytest.mark.parametrize("name", sorted(set(FIGURES) - set(OF_TASKS)))
def test_an_alarm_of_figures_says_what_its_alert_says_and_gives_the_guides_advice(name: str):
    advice = {codes(row[0])[0]: row[1] for row in table(text(Path("docs/running.md")), "alert", "what to do")}
    summary = re.sub(r"\{\{ \$labels\.(\w+) \}\}", r"one \1", RULES[name]["annotations"]["summary"])

    assert FIGURES[name]["AlarmDescription"] == _plain(f"{summary} {advice[name]}")


def test_every_other_alarm_for_people_says_what_the_guide_to_aws_says():
    rows = table(text(Path("docs/deployment.md")), "alarm", "what it means", "what to do")
    others = {name: one for name, one in (DATA | WEB | FIGURES).items() if name not in {*SCALING, *RULES}}

    told = {codes(name)[0]: _plain(f"{means} {todo}") for name, means, todo in rows}
    assert {name: one["AlarmDescription"] for name, one in others.items()} == told


def test_every_alarm_for_people_tells_them_and_tells_them_when_it_is_over():
    for parsed, topic in (
        (FIGURES | WEB, {"Fn::ImportValue": {"Fn::Sub": "${InfraStack}-Alarms"}}),
        (DATA, {"Ref": "Alarms"}),
    ):
        for name in set(parsed) - SCALING:
            assert (name, parsed[name]["AlarmActions"], parsed[name]["OKActions"]) == (name, [topic], [topic])
            assert len(parsed[name]["AlarmDescription"]) <= 1024  # CloudWatch's limit


def _asked(name: str) -> tuple[str, dict[str, str], str, float]:
    """The metric, its dimensions, the operator and the bound, from the alert's expression."""
    if name in TOTAL:
        metric, bound = TOTAL[name]
        operator = "GreaterThanThreshold" if bound else "LessThanOrEqualToThreshold"
        assert str(bound) in RULES[name]["expr"]
        return metric, {}, operator, bound
    found = re.fullmatch(
        r'max(?: by \(\w+\) )?\((lead_billing_\w+)(?:\{(\w+)="(\w+)"\})?\) (>|==) (\d+)', RULES[name]["expr"]
    )
    assert found is not None, RULES[name]["expr"]
    gauge, label, value, sign, number = found.groups()
    dimensions = {label.title(): value} if label else {}
    operator = "GreaterThanThreshold" if sign == ">" else "LessThanOrEqualToThreshold"  # none of them is below 0
    return cloudwatch.metric_name(gauge), dimensions, operator, int(number)


def _plain(words: str) -> str:
    """Without Markdown's marks, which CloudWatch would show."""
    return re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", words).replace("`", "").replace("**", "")
