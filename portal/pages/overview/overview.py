"""The overview: the month so far against last month and budget, what is due, and what happened."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now

from billing_engine.core import money
from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wording import count_of_days, day_in_words
from billing_engine.core.counts import count_in_words
from billing_engine.core.read_replica import from_copy
from leads.models import ActionType, Customer, Product, Source
from portal.frame import page, whole_of
from portal.gate import Visit
from portal.pages.overview.month_drawing import Drawing, MonthFacts, draw, steps_up_to
from portal.words import OUTCOMES, counted, day_of_month, reasons_in_brief, short_day
from receivables.models import Dispute
from receivables.queries.owed import Owed, owed_by
from reports.domain.question.days import Days
from reports.domain.question.question import Question
from reports.queries.completeness import Completeness
from reports.queries.explore.answer import Group, answer_of
from reports.queries.forecast import Forecast, forecast_of

HUNDRED = 100
MOST_RANKED, MOST_DUE = 6, 3
RANKED = (("product", "By product"), ("action_type", "By action"), ("source", "By source"))
KINDS: dict[str, type[Model]] = {"product": Product, "action_type": ActionType, "source": Source}
BAR = 1000  # the width of a bar in its own units


@dataclass(frozen=True, slots=True)
class Row:
    """One outcome of the table of what happened."""

    name: str
    note: str
    actions: str
    amount: str
    address: str = ""
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class Ranked:
    """A name, its amount, and how long its bar is."""

    name: str
    amount: str
    width: int
    address: str


@from_copy
def overview_page(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show the month so far."""
    customer, at = visit.customer, now()
    today = customer.day_of(at)
    month = Month.of_day(today)
    name = f"{month.first:%B}"
    whole = whole_of(visit, month.first, month.last, f"{name} so far")
    by_day = _by_day(customer, month)
    forecast = next(iter(forecast_of([customer], at, month)), None)
    budget = customer.terms.on(month.first).monthly_budget
    return page(
        request,
        visit,
        "overview",
        f"{name} so far",
        here="overview",
        whole=whole,
        month=name,
        until=day_in_words(today),
        spent=money.in_words(whole.counts.amount, customer.currency),
        beside=_beside_last_month(by_day, month, today, customer.currency),
        budget=_budget(whole.counts.amount, budget, forecast, customer),
        owed=_owed(visit, today),
        disputes=_disputes(visit),
        drawing=_drawing(by_day, month, today, forecast, budget, customer.currency),
        days=_days_table(by_day, month, today, customer.currency),
        ranked=[(title, _ranked(visit, code, month)) for code, title in RANKED],
        happened=happened(visit, whole.counts),
    )


def _by_day(customer: Customer, month: Month) -> dict[date, Decimal]:
    """The amounts of each day of last month and of this one, by the day it happened."""
    days = Days("", month.previous().first, month.last)
    answer = answer_of(Question(show=("amount",), group=("day",), days=days), at=now(), customers=[customer.pk])
    group = answer.by_currency.get(customer.currency, Group())
    return {day: each.total.sums.get("amount", money.ZERO) for day, each in group.inside.items()}


def _beside_last_month(by_day: dict[date, Decimal], month: Month, today: date, currency: str) -> str:
    before = month.previous()
    same = min(today.day, before.last.day)
    this = sum((amount for day, amount in by_day.items() if month.first <= day <= today), money.ZERO)
    last = sum(
        (amount for day, amount in by_day.items() if before.first <= day and day <= before.first.replace(day=same)),
        money.ZERO,
    )
    if not last:
        return f"Nothing was charged in {before.first:%B} up to the same day"
    difference = this - last
    share = f"{abs(difference) * HUNDRED / last:.1f}%"
    way = "more" if difference > 0 else "less"
    if not difference:
        return f"As much as on the same day of {before.first:%B}"
    return f"{money.in_words(abs(difference), currency)} ({share}) {way} than on the same day of {before.first:%B}"


def _budget(spent: Decimal, budget: Decimal | None, forecast: Forecast | None, customer: Customer) -> dict[str, object]:
    """How much of the budget is used, and how much will be; empty without a budget."""
    if not budget:
        return {}
    expected = forecast.forecast if forecast else None
    used = min(spent / budget, Decimal(1))
    ahead = min(max((expected or spent) / budget - used, Decimal(0)), 1 - used)
    words = f"{spent * HUNDRED / budget:.0f}% spent"
    if expected is not None:
        words += f", about {expected * HUNDRED / budget:.0f}% by the end of the month"
    is_hard = customer.terms.on(customer.today).hard_budget
    limit = money.in_words(budget, customer.currency)
    then = (
        f"At {limit} we stop charging; actions after that cost nothing."
        if is_hard
        else "You are charged above it, too."
    )
    return {"used": int(used * BAR), "ahead": int(ahead * BAR), "words": words, "of": f"of {limit}", "then": then}


def _owed(visit: Visit, today: date) -> dict[str, object]:
    owed: Owed = owed_by(visit.customer, on=today)
    currency = owed.currency
    overdue = sum((each.to_pay for each in owed.overdue), money.ZERO)
    first = owed.overdue[0].item if owed.overdue else None
    later = [
        (f"Due {day_of_month(each.item.due_on)}", money.in_words(each.to_pay, currency), False)
        for each in owed.due_later[:MOST_DUE]
    ]
    late = [("Overdue", money.in_words(overdue, currency), True)] if overdue else []
    return {
        "to_pay": money.in_words(owed.to_pay, currency),
        "lines": [*late, *later],
        "open": money.in_words(owed.open, currency),
        "disputed": money.in_words(owed.disputed, currency) if owed.disputed else "",
        "credit": money.in_words(owed.unapplied, currency) if owed.unapplied else "",
        "overdue": money.in_words(overdue, currency) if first else "",
        "overdue_for": count_of_days((today - first.due_on).days) if first else "",
        "overdue_of": f"{first.reference}, due {day_in_words(first.due_on)}" if first else "",
        "more": counted(len(owed.overdue) - 1, "other item") if len(owed.overdue) > 1 else "",
    }


def _disputes(visit: Visit) -> list[dict[str, str]]:
    found = Dispute.objects.undecided().filter(customer=visit.customer).select_related("reason", "customer")
    return [
        {
            "name": str(each),
            "reason": str(each.reason).lower(),
            "decide_by": short_day(each.decide_by),
            "address": visit.address("dispute", each),
        }
        for each in found.order_by("decide_by", "pk")[:3]
    ]


def _drawing(
    by_day: dict[date, Decimal],
    month: Month,
    today: date,
    forecast: Forecast | None,
    budget: Decimal | None,
    currency: str,
) -> Drawing:
    before, days = month.previous(), month.last.day
    so_far = [by_day.get(month.first + timedelta(days=day), money.ZERO) for day in range(today.day)]
    last = [by_day.get(before.first + timedelta(days=day), money.ZERO) for day in range(before.last.day)]
    expected, low, high = (forecast.forecast, forecast.low, forecast.high) if forecast else (None, None, None)
    facts = MonthFacts(days, so_far, last, expected, low, high, budget)
    labels = {"before": f"{before.first:%B} {money.whole_in_words(sum(last, money.ZERO), currency)}"}
    if budget:
        labels["budget"] = f"Budget {money.whole_in_words(budget, currency)}"
    said = f"{month.first:%B} so far: {money.in_words(sum(so_far, money.ZERO), currency)}."
    if expected is not None:
        labels["forecast"] = f"Forecast {money.estimate_in_words(expected, currency)}"
        said += f" Expected in all: {money.estimate_in_words(expected, currency)}"
        said += (
            f", from {money.estimate_in_words(low, currency)} to {money.estimate_in_words(high, currency)}."
            if low is not None and high is not None
            else "."
        )
    top = max([sum(so_far, money.ZERO), sum(last, money.ZERO), expected or money.ZERO, budget or money.ZERO])
    scale = {each: money.whole_in_words(each, currency) for each in steps_up_to(top)}
    return draw(facts, said=said, labels=labels, month=f"{month.first:%b}", scale=scale)


def _days_table(by_day: dict[date, Decimal], month: Month, today: date, currency: str) -> list[tuple[str, str, str]]:
    """The drawing as a table: each day, its amount, and all up to it."""
    rows, total = list[tuple[str, str, str]](), money.ZERO
    for place in range(today.day):
        day = month.first + timedelta(days=place)
        amount = by_day.get(day, money.ZERO)
        total += amount
        rows.append((day_of_month(day), money.in_words(amount, currency), money.in_words(total, currency)))
    return rows


def _ranked(visit: Visit, code: str, month: Month) -> list[Ranked]:
    customer = visit.customer
    question = Question(show=("amount",), group=(code,), days=Days("", month.first, month.last))
    group = answer_of(question, at=now(), customers=[customer.pk]).by_currency.get(customer.currency, Group())
    found = [(each.key, each.name.words, each.total.sums.get("amount", money.ZERO)) for each in group.inside.values()]
    found = [each for each in found if each[2] > 0]

    def address(key: int) -> str:
        days = {"first": month.first, "last": month.last}
        return visit.address("activity", **{code: visit.id_of_number(KINDS[code], key)}, **days)

    top = max((amount for *_, amount in found), default=Decimal(1))
    return [
        Ranked(name, money.in_words(amount, customer.currency), int(amount / top * BAR), address(key))
        for key, name, amount in found[:MOST_RANKED]
    ]


def happened(visit: Visit, counts: Completeness) -> list[Row]:
    """Return what happened to everything received, down to the sum."""
    currency = visit.customer.currency
    amount, zero = money.in_words(counts.amount, currency), money.in_words(money.ZERO, currency)
    why = reasons_in_brief(counts.reasons)
    waits = "they are priced before the month closes, or excluded with a reason" if counts.waiting else ""
    month = Month.of_day(visit.customer.today)

    def rows(outcome: str) -> str:
        return visit.address("activity", first=month.first, last=month.last, outcome=outcome, show="rows")

    all_rows = visit.address("activity", first=month.first, last=month.last)
    return [
        Row(OUTCOMES["charged"], "", count_in_words(counts.charged), amount, rows("charged")),
        Row(OUTCOMES["included"], "", count_in_words(counts.included), zero, rows("included")),
        Row("Not charged", why, count_in_words(counts.not_charged), "not charged", rows("not_charged")),
        Row(OUTCOMES["unrated"], waits, count_in_words(counts.waiting), "not yet known", rows("unrated")),
        Row("All we received for you", "", count_in_words(counts.received), amount, all_rows, is_total=True),
    ]
