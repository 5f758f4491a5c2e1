"""Keep the roll-up of activity equal to the charges: rows that a rating touches are added up again, never up or down.

Days whose actions have all just been decided are added up while the decisions stream by, and so are the months of a period
that is rated whole. Days that had actions before are added up by PostgreSQL from their charges, and so is whatever is
rebuilt. Both give the same rows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import partial
from io import StringIO
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from billing_engine.core.calendar.wall_clock import instant_of
from leads.models import BillingPeriod
from pricing.domain.rate.charges import NULL
from pricing.rating.counters import Cell, CellKey, DailySums, DayAt
from pricing.rating.instants import Instant, instant, moment

KEYS = "customer_id, product_id, source_id, action_type_id, rule_id, outcome"
MEASURES = "actions, quantity, amount, full_amount"
# The outcome of an action, by its charge.
OUTCOME = """
    CASE WHEN charge.action_id IS NULL THEN 'unrated' WHEN charge.reason <> '' THEN charge.reason
         WHEN charge.amount = 0 THEN 'included' ELSE 'charged' END
"""
# An action that has no charge and is not unrated came after its period was last rated: it is nowhere yet.
WITH_CHARGE = """
      LEFT JOIN pricing_charge charge ON charge.action_id = action.id
      LEFT JOIN pricing_unratedaction unrated ON unrated.action_id = action.id
     WHERE COALESCE(charge.action_id, unrated.action_id) IS NOT NULL
"""
CELLS = f"""
    SELECT period.id AS period_id, period.customer_id, lead.product_id, lead.source_id, action.action_type_id,
           charge.rule_id,
           {OUTCOME} AS outcome,
           (action.occurred_at AT TIME ZONE customer.time_zone)::date AS day,
           count(*) AS actions, sum(action.quantity) AS quantity,
           COALESCE(sum(charge.amount), 0) AS amount, COALESCE(sum(charge.full_amount), 0) AS full_amount
      FROM {{periods}}
      JOIN leads_customer customer ON customer.id = period.customer_id
      JOIN leads_action action ON action.period_id = period.id {{instants}}
      JOIN leads_lead lead ON lead.id = action.lead_id
      {WITH_CHARGE} {{and_days}}
     GROUP BY 1, {", ".join(map(str, range(2, 9)))}
"""  # noqa: S608 -- SQL of our own
# Each statement gets the periods, from which day on they are touched, and to which day their charges are read.
TOUCHED = """
    unnest(%(periods)s::bigint[], %(customers)s::bigint[], %(days)s::date[], %(lasts)s::date[], %(starts)s::timestamptz[],
           %(ends)s::timestamptz[]) AS touched (period_id, customer_id, day, last, since, until)
"""
FORGET_DAYS = f"""
    DELETE FROM pricing_dailyactivity daily USING {TOUCHED}
     WHERE daily.customer_id = touched.customer_id AND daily.period_id = touched.period_id AND daily.day >= touched.day
"""  # noqa: S608 -- SQL of our own
READ_AGAIN = CELLS.format(
    periods=f"{TOUCHED} JOIN leads_billingperiod period ON period.id = touched.period_id",
    instants="AND action.occurred_at >= touched.since AND action.occurred_at < touched.until",
    # Where clocks go back over midnight, a date comes back after the next one began.
    and_days="AND (action.occurred_at AT TIME ZONE customer.time_zone)::date BETWEEN touched.day AND touched.last",
)
ADD_UP_DAYS = f"""
    INSERT INTO pricing_dailyactivity (period_id, {KEYS}, day, place, {MEASURES})
    SELECT period_id, {KEYS}, day, row_number() OVER (), {MEASURES} FROM ({READ_AGAIN}) cell
"""  # noqa: S608 -- SQL of our own
COPY_DAYS = f"COPY pricing_dailyactivity (period_id, {KEYS}, day, place, {MEASURES}) FROM STDIN"
COPY_MONTHS = f"COPY pricing_monthlyactivity (period_id, {KEYS}, month, place, {MEASURES}) FROM STDIN"
FORGET_MONTHS = f"""
    DELETE FROM pricing_monthlyactivity monthly USING {TOUCHED}
     WHERE monthly.customer_id = touched.customer_id AND monthly.period_id = touched.period_id
       AND monthly.month >= date_trunc('month', touched.day)
"""  # noqa: S608 -- SQL of our own
ADD_UP_MONTHS = f"""
    INSERT INTO pricing_monthlyactivity (period_id, {KEYS}, month, place, {MEASURES})
    SELECT period_id, {KEYS}, month, row_number() OVER (), {MEASURES}
      FROM (SELECT daily.period_id, {KEYS.replace("customer_id", "daily.customer_id")},
                   date_trunc('month', daily.day)::date AS month,
                   sum(actions) AS actions, sum(quantity) AS quantity, sum(amount) AS amount, sum(full_amount) AS full_amount
              FROM {TOUCHED}
              JOIN pricing_dailyactivity daily ON daily.customer_id = touched.customer_id
                   AND daily.period_id = touched.period_id AND daily.day >= date_trunc('month', touched.day)
             GROUP BY 1, 2, 3, 4, 5, 6, 7, 8) cell
"""  # noqa: S608 -- SQL of our own
# Places need no order and may have gaps: numbering each day's rows from 1 would sort all of them once more.
# Actions that occurred before the year 2000 are refused.
EVER, LAST = date(1999, 12, 1), date(9999, 12, 1)
A_DAY, A_MINUTE = timedelta(days=1), timedelta(minutes=1)

NOTHING = DailySums(lambda at: (EVER, at))
CELLS_AT_A_TIME = 50_000  # of counted days are in memory until they are written

Stretches = Mapping[date, Mapping[CellKey, Cell]]  # by the first day of each


class Touched(NamedTuple):
    """A locked period whose activity may have changed: from which day on, and from what its days are added up again."""

    period: int
    customer: int
    day: date
    last: date  # to this day from its charges
    since: datetime
    until: datetime
    counted: DailySums  # the days after that, as decided just now

    @property
    def is_counted(self) -> bool:
        """Whether nothing of it is added up from its charges."""
        return self.last == EVER


def touched(period: BillingPeriod, day: date = EVER, *, counted: DailySums = NOTHING, after: date = LAST) -> Touched:
    """The period from a day on, in the customer's time zone; the days after `after` have only what was `counted`."""
    zone = period.customer.zone
    # A day more, because a date comes back where clocks go back over midnight; the rows of its actions are compared by date.
    since, until = _midnight(day, zone), _midnight(after + 2 * A_DAY, zone)
    return Touched(period.pk, period.customer_id, day, after, since, until, counted)


def roll_up(some: Iterable[Touched]) -> None:
    """Add up again the activity of these periods from their first touched day on."""
    if all_touched := list(some):
        with connection.cursor() as cursor:
            _roll_up(cursor, all_touched)


class SoonRolledUp:
    """Rolls up periods that are counted whole, many cells at a time, in turn with what else uses the connection.

    While they are written, the next periods are decided; memory holds the days of a few of them only.
    """

    def __init__(self, soon: Callable[[Callable[[], None]], Callable[[], None]]) -> None:
        self._soon = soon
        self._cursor = connection.cursor()  # created here, because another thread would get its own connection
        self._waiting = list[Touched]()
        self._cells = 0
        self._written: Callable[[], None] = _nothing

    def add(self, each: Touched) -> None:
        """Write this one soon; then its sums keep their months only."""
        self._waiting.append(each)
        self._cells += sum(map(len, each.counted.days.values()))
        if self._cells >= CELLS_AT_A_TIME:
            self.write()

    def write(self) -> None:
        """Write what was added, once what was written before is done; raises what PostgreSQL refused of it."""
        self._written()
        waiting, self._waiting, self._cells = self._waiting, [], 0
        self._written = self._soon(partial(self._write, waiting))

    def finish(self) -> None:
        """Return when all is written."""
        self.write()
        self._written()

    def _write(self, some: list[Touched]) -> None:
        if some:
            _roll_up(self._cursor, some)
        for each in some:
            each.counted.forget_days()


def _roll_up(cursor: Any, some: list[Touched]) -> None:
    cursor.execute(FORGET_DAYS, _columns(some))
    cursor.execute(FORGET_MONTHS, _columns(some))
    if again := [each for each in some if each.last >= each.day and each.last > EVER]:
        cursor.execute(ADD_UP_DAYS, _columns(again))
    if days := "".join(line for each in some for line in _lines(each, each.counted.days)):
        cursor.copy_expert(COPY_DAYS, StringIO(days))
    whole = [each for each in some if each.is_counted]
    if months := "".join(line for each in whole for line in _lines(each, each.counted.months())):
        cursor.copy_expert(COPY_MONTHS, StringIO(months))
    if others := [each for each in some if not each.is_counted]:
        cursor.execute(ADD_UP_MONTHS, _columns(others))


@transaction.atomic
def rebuild_activity(period: BillingPeriod) -> None:
    """Add up again all activity of a period, open or closed, under the lock that rating takes."""
    locked = BillingPeriod.objects.select_related("customer").select_for_update(no_key=True, of=("self",))
    roll_up([touched(locked.get(pk=period.pk))])


def day_at(zone: ZoneInfo) -> DayAt:
    """How to find the local date of an instant, and until when it lasts at least."""

    def find(at: Instant) -> tuple[date, Instant]:
        now = instant(at)
        local = now.astimezone(zone)
        day = local.date()
        end = _midnight(day + A_DAY, zone)
        if end.astimezone(zone).utcoffset() == local.utcoffset():
            return day, moment(end)
        # Clocks change before the day ends, at a whole minute. If they go back over midnight, the date changes twice.
        return day, moment(now.replace(second=0, microsecond=0) + A_MINUTE)

    return find


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return instant_of(datetime.combine(day, time.min), zone)


def _columns(some: list[Touched]) -> dict[str, list[object]]:
    names = ("periods", "customers", "days", "lasts", "starts", "ends")
    return {
        name: list(column) for name, column in zip(names, zip(*(each[:6] for each in some), strict=True), strict=True)
    }


def _nothing() -> None:
    """Nothing was written yet."""


def _lines(of: Touched, stretches: Stretches) -> Iterator[str]:
    """The lines that COPY reads, in the order of the key; numbers as for charges."""
    for day, cells in sorted(stretches.items()):
        if day <= of.last:
            continue
        where, on = f"{of.period}\t{of.customer}\t", str(day)
        for place, ((product, source, kind, rule, outcome), cell) in enumerate(cells.items(), 1):
            yield (
                f"{where}{product}\t{source}\t{kind}\t{NULL if rule is None else rule}\t{outcome}\t{on}\t{place}\t"
                f"{cell.actions}\t{cell.quantity}e-6\t{cell.amount}e-6\t{cell.full_amount}e-6\n"
            )
