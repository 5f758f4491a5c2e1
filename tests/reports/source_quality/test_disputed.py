"""Disputed and credited in source quality: figures, rows, rights, against the disputes and credit notes themselves."""

from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.urls import reverse

from billing_engine.core.errors import Refused
from invoices.domain.life.close import close
from leads.models import BillingPeriod
from pricing.domain.rate.rate import rate
from receivables.domain.credit_notes import issuing
from receivables.domain.credit_notes.drafting import draft_for_charges
from receivables.domain.disputes.conversation import withdraw
from receivables.domain.disputes.deciding import accept, accept_in_part, reject
from receivables.domain.disputes.subject import subject_of_charges
from receivables.models import CreditNote, Dispute
from reports.queries.source_quality.days import Days
from reports.queries.source_quality.disputed import Part
from reports.queries.source_quality.groups import CHANNEL, SOURCE
from reports.queries.source_quality.quality import quality_of
from tests.factories.leads import ActionTypeFactory
from tests.factories.people import UserFactory, with_role
from tests.factories.pricing import PriceRuleFactory
from tests.invoices.made import issued
from tests.receivables.disputes.made import CONTACT, a_dispute, a_reason
from tests.reports.source_quality.company import a_company

pytestmark = pytest.mark.django_db

AUTUMN = Days(date(2026, 9, 1), date(2026, 11, 30))
RANGES = (AUTUMN, Days(date(2026, 10, 1), date(2026, 10, 31)), Days(date(2026, 10, 1), date(2026, 10, 1)))
REASONS = ("duplicate", "invalid_contact", "price_wrong", "goodwill")  # our price is not the source's fault
DECIDED_AT = datetime(2026, 12, 3, 12, tzinfo=UTC)
# Each disputed or credited charge with its own customer's day and its source's channel of that day.
DISPUTED = """
    SELECT charge.action_id, charge.amount FROM receivables_disputedcharge charge
      JOIN receivables_dispute dispute ON dispute.id = charge.dispute_id
     WHERE dispute.state IN ('open', 'waiting', 'second_look', 'accepted', 'in_part', 'rejected')
           AND dispute.reason_id IN (SELECT id FROM receivables_reason WHERE source_answers_for_it)
"""
CREDITED = """
    SELECT charge.action_id, charge.amount FROM receivables_creditedcharge charge
     WHERE charge.line_id IN (SELECT line.id FROM receivables_creditnoteline line
             WHERE line.note_id IN (SELECT note.id FROM receivables_creditnote note, receivables_reason reason
                     WHERE note.reason_id = reason.id AND source_answers_for_it AND number IS NOT NULL))
"""
BY_HAND = """
    SELECT source.code, customer.currency, (SELECT channel FROM leads_sourcerevision facts
             WHERE facts.source_id = source.id AND in_force_at IS NOT NULL
               AND first_day <= (action.occurred_at AT TIME ZONE customer.time_zone)::date
             ORDER BY first_day DESC, in_force_at DESC, facts.id DESC LIMIT 1), action.id, part.amount
      FROM ({part}) part (action_id, amount)
      JOIN leads_action action ON action.id = part.action_id
      JOIN leads_lead lead ON lead.id = action.lead_id
      JOIN leads_source source ON source.id = lead.source_id
      JOIN leads_product product ON product.id = lead.product_id
      JOIN leads_customer customer ON customer.id = product.customer_id
     WHERE (action.occurred_at AT TIME ZONE customer.time_zone)::date BETWEEN %s AND %s
"""


def disputes_of(seed: int, by: User) -> None:
    """A random company whose charges are disputed before and after their invoices, decided in every way, and credited."""
    a_company(seed)
    random = Random(seed)
    for currency in ("USD", "EUR", "JPY"):
        PriceRuleFactory.create(currency=currency, action_type=ActionTypeFactory.create(code="page_view"))
    with time_machine.travel(DECIDED_AT, tick=False):
        for period in BillingPeriod.objects.order_by("pk"):
            rate(period, at=DECIDED_AT)
            _disputes(period, random, by)
            if random.random() < 0.8 and _is_issued(period, by):
                _disputes(period, random, by)


def _is_issued(period: BillingPeriod, by: User) -> bool:
    try:
        issued(close(period, at=DECIDED_AT), by)
    except Refused:  # an earlier period of the customer is not closed, say
        return False
    return True


def _disputes(period: BillingPeriod, random: Random, by: User) -> None:
    period.refresh_from_db()
    charged = list(period.charges.filter(amount__gt=0).order_by("pk"))
    for chosen in (random.sample(charged, min(len(charged), 2)) for _ in range(3)):
        why = a_reason(random.choice(REASONS))
        try:
            subject = subject_of_charges([charge.pk for charge in chosen])
            _decide(a_dispute(subject, reason=why, at=DECIDED_AT), random, by)
            if not period.is_open and random.random() < 0.3:
                draft_for_charges(subject.invoice, chosen[:1], reason=why, sentence="Goodwill.", by=by)
        except Refused:  # none is charged, or it was disputed or credited before
            continue
    for note in CreditNote.objects.filter(state=CreditNote.State.DRAFT):
        if random.random() < 0.8:
            issuing.issue(issuing.approve(note, by=by, at=DECIDED_AT), by=by, at=DECIDED_AT)


def _decide(dispute: Dispute, random: Random, by: User) -> None:
    charges = list(dispute.charges.values_list("action", flat=True))
    match random.randint(0, 4):
        case 0:
            withdraw(dispute, words="", by=CONTACT, at=DECIDED_AT)
        case 1:
            reject(dispute, words="No.", by=by, at=DECIDED_AT)
        case 2 if len(charges) > 1:
            accept_in_part(dispute, accepted=charges[:1], words="One.", by=by, at=DECIDED_AT)
        case 2 | 3:
            accept(dispute, words="Yes.", by=by, at=DECIDED_AT)


def by_hand(part: str, days: Days, by: str) -> dict[tuple[str, str], Part]:
    """How many different actions, and for how much, by group and currency."""
    found = dict[tuple[str, str], tuple[set[int], Decimal]]()
    with connection.cursor() as cursor:
        cursor.execute(BY_HAND.format(part=part), [days.first, days.last])
        for code, currency, channel, action, amount in cursor.fetchall():
            place = (code if by == SOURCE else channel, currency)
            actions, so_far = found.get(place, (set(), Decimal(0)))
            found[place] = (actions | {action}, so_far + amount)
    return {place: Part(len(actions), amount) for place, (actions, amount) in found.items()}


@pytest.mark.parametrize("seed", range(2))
def test_disputed_and_credited_are_those_of_the_disputes_and_credit_notes_themselves(
    seed: int, accountant: User
) -> None:
    disputes_of(seed, accountant)
    assert by_hand(DISPUTED, AUTUMN, SOURCE)
    assert by_hand(CREDITED, AUTUMN, SOURCE)

    for days in RANGES:
        for by in (SOURCE, CHANNEL):
            now = [(each.key, worth) for each in quality_of(days, by=by) for worth in each.worth.values()]
            before = [(each.key, worth) for each in quality_of(days, by=by) for worth in each.worth_before.values()]
            for shown, of in ((now, days), (before, days.before)):
                disputed = {(key, one.currency): one.disputed for key, one in shown if one.disputed.actions}
                credited = {(key, one.currency): one.credited for key, one in shown if one.credited.actions}
                assert (disputed, credited) == (by_hand(DISPUTED, of, by), by_hand(CREDITED, of, by))
            assert all((one.disputed_share or 0) <= 1 and (one.credited_share or 0) <= 1 for _, one in now)


@pytest.mark.parametrize("by", [SOURCE, CHANNEL])
def test_each_disputed_and_credited_figure_opens_its_actions_on_the_ranking_and_on_the_page_of_the_source(
    by: str, client: Client, accountant: User
) -> None:
    disputes_of(1, accountant)
    client.force_login(with_role("Viewer"))
    pages = [reverse("admin:reports_sources")]
    pages += [reverse("admin:reports_source", args=[each.key]) for each in quality_of(AUTUMN) if by == SOURCE]
    opened = 0
    for page in pages:
        answer = client.get(page, {"days": str(AUTUMN), "by": by})
        tables = answer.context.get("tables") or [answer.context["worth"]]
        for row in (row for table in tables for row in table.body):
            for head, cell in row:
                if head.title not in ("Disputed", "Credited") or not cell.address:
                    continue
                behind = client.get(cell.address).context
                amount = behind["table"].total[TITLES_AT[head.title]].words
                assert (len(behind["table"].rows), behind["count"]) == (int(cell.words), int(cell.words))
                assert cell.more.startswith(f"{amount}, ")
                opened += 1
    assert opened > 2


TITLES_AT = {"Disputed": 4, "Credited": 6}


def test_who_may_not_see_disputes_sees_no_such_column_and_no_such_page(client: Client) -> None:
    a_company(1)
    person = UserFactory.create()
    person.user_permissions.add(*Permission.objects.filter(codename__in=["view_source", "view_charge", "view_dispute"]))
    client.force_login(person)

    [table, *_] = client.get(reverse("admin:reports_sources"), {"days": str(AUTUMN)}).context["tables"]
    assert [head.title for head in table.heads][-2:] == ["Before", "Rank"]
    assert client.get(reverse("admin:reports_disputed_actions")).status_code == 403


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 400),
        ({"days": "2020-01-01..2026-01-01"}, 400),
        ({"days": "2026-10-01..2026-10-31", "source": "nowhere"}, 404),
        ({"days": "2026-10-01..2026-10-31", "customer": "nobody"}, 404),
        ({"days": "2026-10-01..2026-10-31", "channel": "moon", "currency": "EURO"}, 200),
    ],
)
def test_an_address_that_names_nothing_gets_a_sentence(asked: dict[str, str], status: int, client: Client) -> None:
    client.force_login(with_role("Operations"))

    assert client.get(reverse("admin:reports_disputed_actions"), asked).status_code == status
