"""Activity: everything people did with the customer's products, charged or not, by the one computation of reports."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.timezone import now

from billing_engine.core import money
from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wall_clock import instant_of
from billing_engine.core.calendar.wording import days_in_words
from billing_engine.core.counts import count_in_words
from billing_engine.core.read_replica import from_copy
from billing_engine.core.tables.download import table_response
from billing_engine.core.tables.formats import FORMATS
from billing_engine.core.tables.table import Notes, Table
from leads.domain.identity import email_key
from leads.models import Action, Lead
from portal.frame import page, whole_of
from portal.gate import Visit
from portal.pages.activity.question import GROUPS, NOT_CHARGED, Asked, Choices, asked_of
from portal.pages.invoices.charges import contact_of, shown_id
from portal.words import OUTCOMES, instant, short_day
from pricing.models import Charge
from pricing.wording.reasons import name_to_buyer
from reports.domain.question.measures import MEASURES
from reports.queries.explore.answer import Group, answer_of
from reports.queries.explore.asked.scope import Scope, scope_of
from reports.queries.explore.every_row import every_row_of
from reports.queries.explore.figures import Figures
from reports.queries.explore.invoice_foot import foot_of
from reports.queries.explore.rows import ActivityRow, Place, page_of_rows

BAR = 1_000
DAY = timedelta(days=1)
MOST_OF_A_LEAD = 200
FILES = ("csv", "xlsx")
OURS = ("Product ID", "Source code", "Action type code", "Outcome code", "Channel code")  # not for customers
RELATED = ("lead__product", "lead__source", "action_type", "charge")


@dataclass(frozen=True, slots=True)
class Row:
    """One group with its figures."""

    name: str
    depth: int
    actions: str
    quantity: str
    charged: str
    not_charged: str
    amount: str
    average: str
    width: int
    address: str


@dataclass(frozen=True, slots=True)
class Line:
    """One action of the rows."""

    when: str
    lead: str
    action: str
    product: str
    source: str
    quantity: str
    outcome: str
    amount: str
    why: str
    contact: str = ""


@from_copy
def activity_page(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show the totals of what was asked, or its rows."""
    choices = Choices.of(visit.customer)
    asked = asked_of(request.GET, visit, choices)
    shows_rows = request.GET.get("show") == "rows" or bool(asked.lead)
    scope = scope_of(asked.question, at=now(), customers=[visit.customer.pk])
    lines, more = _lines(visit, asked, scope, request.GET.get("after", "")) if shows_rows else ([], "")
    group = _answer(visit, asked)
    return page(
        request,
        visit,
        "activity",
        "Activity",
        here="activity",
        whole=whole_of(visit, asked.first, asked.last, days_in_words(asked.first, asked.last)),
        asked=asked,
        found_by="Lead ID or email" if visit.portal.shows_contacts else "Lead ID",
        days=days_in_words(asked.first, asked.last),
        first=asked.first.isoformat(),
        last=asked.last.isoformat(),
        groups=[(code, name, code == asked.group) for code, name in GROUPS.items()],
        outcomes=[(code, name, asked.chosen.get("outcome") == code) for code, name in _outcomes()],
        filters=[
            (name, title, [(visit.id_of(row), row.name, asked.chosen.get(name) == visit.id_of(row)) for row in rows])
            for (name, rows), title in zip(choices.named().items(), ("Product", "Source", "Action"), strict=True)
        ],
        spans=_spans(visit, asked),
        shows_rows=shows_rows,
        lines=lines,
        more=more,
        total=_row("", 0, group.total, group.total, visit.customer.currency, ""),
        rows=list(_rows(visit, asked, group)),
        foot=_foot(visit, asked, group.total) if not asked.chosen and not shows_rows else [],
        totals_address=visit.address("activity", **asked.parts | {"lead": ""}),
        rows_address=visit.address("activity", **asked.parts | {"lead": ""}, show="rows"),
        files=[(form.upper(), visit.address("activity_file", form, **asked.parts)) for form in FILES],
    )


@from_copy
def activity_file(request: HttpRequest, visit: Visit, form: str) -> HttpResponseBase:
    """Return every row of the totals as a file, without our own codes."""
    if form not in FILES:
        raise Http404
    asked = asked_of(request.GET, visit, Choices.of(visit.customer))
    found = every_row_of(scope_of(asked.question, at=now(), customers=[visit.customer.pk]))
    kept = [place for place, column in enumerate(found.columns) if column.name not in OURS]
    days = days_in_words(asked.first, asked.last)
    table = Table(
        name=f"activity-{asked.first}-{asked.last}",
        title=f"Activity, {days}",
        columns=[found.columns[place] for place in kept],
        rows=([row[place] for place in kept] for row in found.rows),
        notes=Notes(question=f"{GROUPS[asked.group]}, {days}", time_zone=visit.customer.time_zone, made_at=now()),
    )
    return table_response(table, FORMATS[form])


def _answer(visit: Visit, asked: Asked) -> Group:
    answer = answer_of(asked.question, at=now(), customers=[visit.customer.pk])
    return answer.by_currency.get(visit.customer.currency, Group())


def _outcomes() -> list[tuple[str, str]]:
    return [*list(OUTCOMES.items())[:3], (NOT_CHARGED, "Not charged"), *list(OUTCOMES.items())[3:]]


def _rows(visit: Visit, asked: Asked, group: Group) -> Iterator[Row]:
    dimensions = asked.group.split(",")
    for each in group.inside.values():
        yield _row(_name(dimensions[0], each), 0, each.total, group.total, visit.customer.currency, "")
        for inner in each.inside.values():
            yield _row(_name(dimensions[1], inner), 1, inner.total, group.total, visit.customer.currency, "")


def _name(dimension: str, group: Group) -> str:
    return OUTCOMES.get(group.key, name_to_buyer(str(group.key))) if dimension == "outcome" else group.name.words


def _row(name: str, depth: int, figures: Figures, whole: Figures, currency: str, address: str) -> Row:
    def of(code: str) -> Decimal:
        return figures.value(MEASURES[code]) or money.ZERO

    amount, most = of("amount"), whole.value(MEASURES["amount"]) or Decimal(1)
    charged, actions = of("charged") + of("included"), of("actions")
    average = figures.value(MEASURES["average"])
    return Row(
        name=name,
        depth=depth,
        actions=count_in_words(int(actions)),
        quantity=money.number_in_words(of("quantity")) if charged else "–",
        charged=count_in_words(int(charged)),
        not_charged=count_in_words(int(of("excluded"))),
        amount=money.in_words(amount, currency) if charged or not actions else "not charged",
        average=money.price_in_words(average.quantize(Decimal("0.001")), currency) if average and amount else "",
        width=int(amount * BAR / most) if most > 0 else 0,
        address=address,
    )


def _foot(visit: Visit, asked: Asked, total: Figures) -> list[tuple[str, str, str]]:
    """From what happened in a month to its invoice before tax, to the cent; only for one whole month."""
    month, currency = Month.of_day(asked.first), visit.customer.currency
    if (asked.first, asked.last) != (month.first, month.last):
        return []
    feet = [each for each in foot_of([visit.customer.pk], [str(month)]) if each.currency == currency]
    if not feet or not feet[0].issued:
        return []
    foot, happened = feet[0], total.value(MEASURES["amount"]) or money.ZERO
    steps = [("Other days on this invoice, less what is on others", foot.exact - happened)]
    steps += [(name, amount) for name, amount in foot.steps[:-2] if amount or name == "Line rounding"]
    before_tax = foot.exact + sum((amount for _, amount in foot.steps[:-2]), money.ZERO)
    rows = [(name, money.difference_in_words(amount, currency), "") for name, amount in steps]
    state = "equal to the cent" if foot.agrees else "being checked"
    return [*rows, (f"{month.first:%B}'s invoice before tax", money.in_words(before_tax, currency), state)]


def _spans(visit: Visit, asked: Asked) -> list[tuple[str, str]]:
    today = visit.customer.today
    this, before = Month.of_day(today), Month.of_day(today).previous()
    spans = (
        ("Today", today, today),
        ("This month", this.first, this.last),
        (f"{before.first:%B}", before.first, before.last),
        ("Last 7 days", today - timedelta(days=7), today - timedelta(days=1)),
        ("This year", date(today.year, 1, 1), date(today.year, 12, 31)),
    )
    return [
        (name, visit.address("activity", **asked.parts | {"first": first, "last": last})) for name, first, last in spans
    ]


def _lines(visit: Visit, asked: Asked, scope: Scope, after: str) -> tuple[list[Line], str]:
    """The actions behind the totals, the latest first, or those of one lead; and where the next page is."""
    if asked.lead:
        return _of_lead(visit, asked), ""
    place = None
    if after:
        action = visit.find(Action.objects.filter(period__customer=visit.customer), after)
        day = visit.customer.day_of(action.occurred_at)
        place = Place(day, action.period_id, action.occurred_at, action.pk)
    found = page_of_rows(scope, place, most=50)
    next_page = ""
    if len(found) == 50:
        last = visit.id_of_number(Action, found[-1].action)
        next_page = visit.address("activity", **asked.parts, show="rows", after=last)
    return [_line(visit, each) for each in found], next_page


def _line(visit: Visit, each: ActivityRow) -> Line:
    amount = each.amount
    return Line(
        when=f"{short_day(each.day)}, {each.occurred_at.astimezone(visit.customer.zone):%H:%M}",
        lead=shown_id(visit, each.lead),
        action=each.action_type,
        product=each.product,
        source=each.source,
        quantity=money.number_in_words(each.quantity),
        outcome=OUTCOMES.get(each.outcome, name_to_buyer(each.outcome)),
        amount="" if amount is None else money.price_in_words(amount, visit.customer.currency),
        why="" if amount is None else visit.address("why", visit.id_of_number(Charge, each.action)),
    )


def _of_lead(visit: Visit, asked: Asked) -> list[Line]:
    """What one lead or one person did on these days, by the lead's id or the whole email address.

    Where addresses are masked, none is found by: otherwise one could be guessed, and the answer would confirm it.
    """
    customer = visit.customer
    if "@" in asked.lead and not visit.portal.shows_contacts:
        return []
    leads = set(Lead.objects.filter(product__customer=customer, external_id=asked.lead).values_list("pk", flat=True))
    if person := email_key(asked.lead):
        theirs = Lead.objects.filter(product__customer=customer, person_key=person, email__iexact=asked.lead)
        leads.update(theirs.values_list("pk", flat=True))
    begin, end = (instant_of(datetime.combine(day, time()), customer.zone) for day in (asked.first, asked.last + DAY))
    found = Action.objects.filter(
        lead__in=leads,
        period__customer=customer,
        occurred_at__gte=begin,
        occurred_at__lt=end,
    )
    lines = []
    for each in found.select_related(*RELATED).order_by("-occurred_at", "-pk")[:MOST_OF_A_LEAD]:
        charge = getattr(each, "charge", None)
        outcome = "unrated" if charge is None else charge.reason or ("charged" if charge.amount else "included")
        lines.append(
            Line(
                when=instant(each.occurred_at, customer),
                lead=shown_id(visit, each.lead.external_id),
                action=each.action_type.name,
                product=each.lead.product.name,
                source=each.lead.source.name,
                quantity=money.number_in_words(each.quantity),
                outcome=OUTCOMES.get(outcome, name_to_buyer(outcome)),
                amount="" if charge is None else money.price_in_words(charge.amount, customer.currency),
                why="" if charge is None else visit.address("why", visit.id_of(charge)),
                contact=contact_of(visit, each.lead.email),
            )
        )
    return lines
