"""What a customer owes: open items, and the statement of an account."""

from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing_engine.core.api.filters import BadFilter, asked_day, asked_text, day_filter, text_filter
from billing_engine.core.api.problem_examples import problems
from billing_engine.core.calendar.spans import Month
from invoices.domain.document.payment_reference import payment_reference
from invoices.models import Invoice
from leads.models import Company
from portal.api.invoice_shapes import rounded
from portal.api.view import ID, CustomerView
from portal.gate import OwnRows
from portal.pages.payments import LONGEST, accounts_with_us
from receivables.domain.statements.statement import Movement, Statement, statement
from receivables.models import LedgerDocument
from receivables.queries.owed import Owed, OwedItem, owed_by


class OpenItemSerializer(serializers.Serializer[Any]):
    """An open invoice or another open item."""

    kind = serializers.ChoiceField(LedgerDocument.Kind.choices)
    reference = serializers.CharField(help_text="Its number.")
    payment_reference = serializers.CharField(
        allow_null=True,
        help_text="What to write on a transfer, as the invoice prints it (ISO 11649). Null: no invoice.",
    )
    invoice = serializers.CharField(allow_null=True, help_text="The ID of the invoice, if it is one.")
    due_on = serializers.DateField()
    amount = serializers.CharField()
    open = serializers.CharField()
    disputed = serializers.CharField()
    to_pay = serializers.CharField()


class OwedSerializer(serializers.Serializer[Any]):
    """What is owed in one currency."""

    currency = serializers.CharField()
    open = serializers.CharField(help_text="All that is outstanding, before credit that is not used yet.")
    disputed = serializers.CharField()
    to_pay = serializers.CharField(help_text="What is open and not disputed.")
    overdue = serializers.CharField(help_text="What of that is past due.")
    credit = serializers.CharField(help_text="Credit that is not used yet.")
    items = OpenItemSerializer(many=True, help_text="The oldest due day first.")


class OpenItemsSerializer(serializers.Serializer[Any]):
    """What you owe today."""

    as_of = serializers.DateField(help_text="Today in your time zone.")
    time_zone = serializers.CharField()
    currencies = OwedSerializer(many=True)


class AccountSerializer(serializers.Serializer[Any]):
    """An account with one of our companies, in one currency."""

    currency = serializers.CharField()
    company = serializers.CharField(allow_null=True, help_text="The ID of the company; null for the usual one.")
    company_name = serializers.CharField(allow_blank=True)


class MovementSerializer(serializers.Serializer[Any]):
    """A document of the statement, and what was owed after it."""

    day = serializers.DateField()
    kind = serializers.ChoiceField(LedgerDocument.Kind.choices)
    reference = serializers.CharField()
    invoice = serializers.CharField(allow_null=True)
    due_on = serializers.DateField(allow_null=True)
    charged = serializers.CharField()
    credited = serializers.CharField()
    balance = serializers.CharField()


class StatementSerializer(serializers.Serializer[Any]):
    """The statement of one account, from the first to the last day, both included."""

    account = AccountSerializer()
    accounts = AccountSerializer(many=True, help_text="Every account that you have.")
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    time_zone = serializers.CharField()
    opening = serializers.CharField()
    charged = serializers.CharField()
    credited = serializers.CharField()
    closing = serializers.CharField(help_text="opening + charged − credited")
    movements = MovementSerializer(many=True)


class CustomerOpenItems(CustomerView):
    """The open items."""

    @extend_schema(
        operation_id="customer_open_items",
        tags=["Customer"],
        summary="List what you owe",
        responses={200: OpenItemsSerializer, **problems(401, 403, 406, 429, 503)},
    )
    def get(self, request: Request) -> Response:
        customer = self.key.customer
        currencies = dict.fromkeys(currency for currency, _ in accounts_with_us(customer))
        found = [owed_by(customer, on=customer.today, currency=currency) for currency in currencies]
        answer = {
            "as_of": customer.today,
            "time_zone": customer.time_zone,
            "currencies": [_owed(self.own, each) for each in found],
        }
        return Response(answer)


def _owed(own: OwnRows, owed: Owed) -> dict[str, Any]:
    amounts = {
        "open": owed.open,
        "disputed": owed.disputed,
        "to_pay": owed.to_pay,
        "overdue": sum((each.to_pay for each in owed.overdue), owed.to_pay * 0),
        "credit": owed.unapplied,
    }
    shown = {name: rounded(amount, owed.currency) for name, amount in amounts.items()}
    return {"currency": owed.currency, **shown, "items": [_item(own, each) for each in owed.items]}


def _item(own: OwnRows, each: OwedItem) -> dict[str, Any]:
    item, currency = each.item, each.item.currency
    return {
        "kind": item.kind,
        "reference": item.reference,
        "payment_reference": payment_reference(item.reference) if item.kind == LedgerDocument.Kind.INVOICE else None,
        "invoice": _invoice(own, item.invoice),
        "due_on": item.due_on,
        "amount": rounded(item.amount, currency),
        "open": rounded(item.left, currency),
        "disputed": rounded(each.disputed, currency),
        "to_pay": rounded(each.to_pay, currency),
    }


def _invoice(own: OwnRows, invoice: int | None) -> str | None:
    return own.id_of_number(Invoice, invoice) if invoice else None


class CustomerStatement(CustomerView):
    """The statement."""

    @extend_schema(
        operation_id="customer_statement",
        tags=["Customer"],
        summary="Get the statement of an account",
        description="The opening balance is the closing balance of the day before. By default from the first of the month "
        "before last until today, of the account in your currency.",
        parameters=[
            day_filter("first", "The first day, in your time zone."),
            day_filter("last", f"The last day; at most {LONGEST.days} days after the first, and not after today."),
            text_filter("currency", "The currency of the account."),
            text_filter("company", "The ID of our company that the account is with.", **ID),
        ],
        responses={200: StatementSerializer, **problems(400, 401, 403, 404, 406, 429, 503)},
    )
    def get(self, request: Request) -> Response:
        customer, (first, last) = self.key.customer, self._days(request)
        accounts = accounts_with_us(customer)
        companies = Company.objects.in_bulk({company for _, company in accounts if company})
        company = self.find_asked(Company.objects.filter(pk__in=companies), "company")
        currency = asked_text(request, "currency", sorted({each for each, _ in accounts}))
        asked = [each for each in accounts if currency in ("", each[0]) and company in (None, companies.get(each[1]))]
        if not asked:
            raise BadFilter("You have no account with this company in this currency.", parameter="currency")
        chosen, number = asked[0]
        found = statement(customer, first=first, last=last, currency=chosen, company=companies.get(number))
        return Response(self._shown(found, accounts, companies))

    def _days(self, request: Request) -> tuple[date, date]:
        today = self.key.customer.today
        last = asked_day(request, "last") or today
        first = asked_day(request, "first") or Month.of_day(min(today, last)).previous().previous().first
        if last > today:
            raise BadFilter("The last day is today at the latest.", parameter="last")
        if first > last or last - first > LONGEST:
            raise BadFilter(f"first must be at most {LONGEST.days} days before last.", parameter="first")
        if first.year < self.key.customer.billed_from.year - 1:
            raise BadFilter("first is too long ago.", parameter="first")
        return first, last

    def _shown(
        self, found: Statement, accounts: list[tuple[str, int]], companies: dict[int, Company]
    ) -> dict[str, Any]:
        own, currency = self.own, found.currency
        amounts = {name: getattr(found, name) for name in ("opening", "charged", "credited", "closing")}
        return {
            "account": _account(own, currency, found.company),
            "accounts": [_account(own, each, companies.get(company)) for each, company in accounts],
            "first_day": found.first,
            "last_day": found.basis.day,
            "time_zone": own.customer.time_zone,
            **{name: rounded(amount, currency) for name, amount in amounts.items()},
            "movements": [_movement(own, each, currency) for each in found.movements],
        }


def _account(own: OwnRows, currency: str, company: Company | None) -> dict[str, Any]:
    return {
        "currency": currency,
        "company": own.id_of(company) if company else None,
        "company_name": company.name if company else "",
    }


def _movement(own: OwnRows, each: Movement, currency: str) -> dict[str, Any]:
    return {
        "day": each.posted_on,
        "kind": each.kind,
        "reference": each.reference,
        "invoice": _invoice(own, each.invoice),
        "due_on": each.due_on,
        "charged": rounded(each.charged, currency),
        "credited": rounded(each.credited, currency),
        "balance": rounded(each.balance, currency),
    }
