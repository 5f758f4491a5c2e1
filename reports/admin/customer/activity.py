"""The card of a customer's page with its actions of the last days, by outcome."""

from datetime import timedelta

from django.utils.timezone import now

from billing_engine.core.admin_kit.overview.parts import Card, card_on
from billing_engine.core.charts.bars import stacked_bars
from billing_engine.core.charts.chart import TimeChart, counts
from billing_engine.core.charts.time_axis import Step
from billing_engine.core.read_replica import from_copy
from leads.models import Customer
from reports.admin.desk.explored import between, explored
from reports.admin.desk.outcomes import series_by_outcome
from reports.domain.question.question import Question
from reports.queries.explore.answer import answer_of

DAYS = 30
WIDTH, HEIGHT = 620, 210


@card_on("leads.customer", place=10, needs=("pricing.view_charge",), wide=True)
@from_copy
def actions_by_day(customer: Customer) -> Card:
    """Return the chart; each bar opens its day in the explorer."""
    at = now()
    last = customer.day_of(at)
    first = last - timedelta(days=DAYS - 1)
    asked = Question(show=("actions",), group=("outcome",), columns="day", days=between(first, last))
    asked = asked.with_filter("customer", customer.code)
    series = series_by_outcome(answer_of(asked, at=at, customers=[customer.pk]), asked, first, last)
    chart = TimeChart("Actions by day", first, last, Step.DAY, counts(), tuple(series))
    is_empty = not any(each.points for each in series)
    return Card(
        title="Actions by day",
        way="Activity",
        note=f"last {DAYS} days, {customer.time_zone}",
        address=explored(asked),
        more="Explore",
        chart=None if is_empty else stacked_bars(chart, width=WIDTH, height=HEIGHT),
        empty=f"No actions in the last {DAYS} days.",
    )
