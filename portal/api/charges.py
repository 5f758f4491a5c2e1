"""The charges of a line, and why one costs what it costs."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing_engine.core.api.paging import asked_limit, page_serializer
from billing_engine.core.api.problem_examples import problems
from invoices.domain.lines.detail import DetailCharge, line_of
from invoices.domain.lines.kept import place_of, reached, shares_from, start_of
from invoices.domain.lines.one_line import page_of_line
from invoices.domain.lines.shares import shares_of
from invoices.models import InvoiceLine
from leads.models import ActionTypeRevision, Lead
from leads.models.revision import in_force_on
from portal.api.examples import CHARGE_EXAMPLE
from portal.api.invoice_shapes import rounded
from portal.api.view import PAGED, CustomerView, in_path
from portal.pages.invoices.charges import contact_of, shown_id
from pricing.api.serializers import CutSerializer, cuts_shape
from pricing.domain.audit.explain_to_buyer import ToBuyer, explain_to_buyer
from pricing.models import Charge
from pricing.wording.reasons import name_to_buyer
from receivables.models import Dispute, DisputedCharge

WHY_RELATED = ("period__customer", "action__lead__product", "action__lead__source", "action__action_type", "rule")
KINDS = (InvoiceLine.Kind.CHARGES, InvoiceLine.Kind.NOT_CHARGED)


class ChargeOfCustomerSerializer(serializers.Serializer[Any]):
    """One action and what it costs."""

    charge = serializers.CharField(help_text="Its ID, for why it costs this and for disputes.")
    action = serializers.CharField(help_text="The source's ID of the action.")
    action_type = serializers.CharField()
    lead = serializers.CharField(help_text="The source's ID of the lead.")
    contact = serializers.CharField(allow_blank=True, help_text="The lead's email address, masked unless we agreed.")
    source = serializers.CharField()  # type: ignore[assignment]  # a field of the answer, not the option of that name
    product = serializers.CharField()
    sku = serializers.CharField()
    occurred_at = serializers.DateTimeField(help_text="With the offset of your time zone.")
    quantity = serializers.CharField()
    unit = serializers.CharField()
    reason = serializers.CharField(allow_blank=True, help_text="Why it was not charged; empty if it was.")
    reason_name = serializers.CharField(allow_blank=True)
    full_amount = serializers.CharField(help_text="The amount before any limit.")
    cuts = CutSerializer(many=True, help_text="What each limit cut from it, in order.")
    exact_amount = serializers.CharField()
    amount = serializers.CharField(
        allow_null=True, help_text="Its share of its line, to the cent; null until it is on an invoice."
    )
    dispute = serializers.CharField(allow_null=True, help_text="The ID of the dispute that it is in.")


class StepSerializer(serializers.Serializer[Any]):
    """A line of the calculation."""

    what = serializers.CharField()
    how = serializers.CharField(allow_blank=True)
    amount = serializers.CharField()


class RangeSerializer(serializers.Serializer[Any]):
    """A price by range."""

    units = serializers.CharField()
    price = serializers.CharField()
    is_hit = serializers.BooleanField(help_text="Whether units of the action fell into it.")


class WhySerializer(serializers.Serializer[Any]):
    """Why it costs what it costs, in words."""

    sentence = serializers.CharField()
    steps = StepSerializer(many=True)
    ladder = RangeSerializer(many=True)
    limits = StepSerializer(many=True, help_text="What each limit cut.")
    left = serializers.CharField(allow_blank=True, help_text="What limits did, in a sentence.")
    price = serializers.CharField(allow_blank=True, help_text="The price in force, in a sentence.")
    since = serializers.CharField(allow_blank=True)
    paid_by = serializers.CharField(allow_null=True, help_text="The charge that also pays for this action.")


class WhyChargeSerializer(ChargeOfCustomerSerializer):
    """One charge with the reason for its price."""

    line = serializers.CharField(allow_null=True, help_text="The ID of its line; null until it is on an invoice.")
    invoice = serializers.CharField(allow_null=True, help_text="The ID of its invoice.")
    why = WhySerializer()


class CustomerLineCharges(CustomerView):
    """The charges of a line."""

    @extend_schema(
        operation_id="customer_line_charges",
        tags=["Customer"],
        summary="List the charges of a line",
        description="Of a line of charges or of one that was not charged, in the order in which they were priced. `amount` is "
        "each charge's share of the line: the shares add up to it, to the cent.",
        parameters=[in_path("line", "the line"), *PAGED],
        responses={
            200: page_serializer(ChargeOfCustomerSerializer, "ChargeOfCustomer"),
            **problems(400, 401, 403, 404, 406, 429, 503),
        },
    )
    def get(self, request: Request, line: str) -> Response:
        own, limit = self.own, asked_limit(request)
        lines = InvoiceLine.objects.filter(
            invoice__customer=own.customer, invoice__number__isnull=False, kind__in=KINDS
        ).select_related("invoice__customer")
        found = own.find(lines, line)
        theirs = Charge.objects.filter(period=found.invoice.period_id).select_related("action")
        after = self.find_asked(theirs, "after")
        cursor = (after.action.occurred_at, after.pk) if after else None
        rows = page_of_line(found, limit=limit + 1, after=cursor)
        here = reached(found, place_of(rows[0])) if rows and after else start_of(found)
        amounts = shares_from(found, here, rows[:limit], then=rows[limit] if len(rows) > limit else None)
        shares = {row.action: amount for row, amount in zip(rows, amounts, strict=False)}
        results = self._shown(rows[:limit], shares, found.invoice.currency)
        return self.page(rows, results, limit=limit, kind=Charge, pk="action")

    def _shown(
        self, rows: Sequence[DetailCharge], shares: Mapping[int, Decimal], currency: str
    ) -> list[dict[str, Any]]:
        own, disputes = self.own, disputes_of([row.action for row in rows])
        emails = dict(Lead.objects.filter(pk__in={row.lead for row in rows}).values_list("pk", "email"))
        return [
            {
                "charge": own.id_of_number(Charge, row.action),
                "action": shown_id(own, row.action_id),
                "action_type": row.type_name,
                "lead": shown_id(own, row.lead_id),
                "contact": contact_of(own, emails.get(row.lead, "")),
                "source": row.source_name,
                "product": row.product,
                "sku": row.sku,
                "occurred_at": self.at(row.occurred_at),
                "quantity": str(row.quantity),
                "unit": row.unit,
                "reason": row.reason,
                "reason_name": name_to_buyer(row.reason) if row.reason else "",
                "full_amount": str(row.full_amount),
                "cuts": cuts_shape(row.cuts),
                "exact_amount": str(row.exact_amount),
                "amount": rounded(shares[row.action], currency),
                "dispute": own.id_of_number(Dispute, disputes[row.action]) if row.action in disputes else None,
            }
            for row in rows
        ]


def disputes_of(actions: Sequence[int]) -> dict[int, int]:
    """Return the dispute of each of these charges that is in one; a withdrawn dispute leaves them free."""
    found = DisputedCharge.objects.filter(action__in=actions).exclude(dispute__state=Dispute.State.WITHDRAWN)
    return dict(found.values_list("action", "dispute"))


class CustomerCharge(CustomerView):
    """One charge, with why it costs what it costs."""

    @extend_schema(
        operation_id="customer_charge",
        tags=["Customer"],
        summary="Explain a charge",
        description="Why an action costs what it costs, or nothing. Charges of an open period can still change.",
        parameters=[in_path("charge", "the charge")],
        responses={200: WhyChargeSerializer, **problems(401, 403, 404, 406, 429, 503)},
        examples=[CHARGE_EXAMPLE],
    )
    def get(self, request: Request, charge: str) -> Response:
        own = self.own
        charges = Charge.objects.filter(period__customer=own.customer).select_related(*WHY_RELATED)
        found = own.find(charges, charge)
        kinds = ActionTypeRevision.objects.filter(action_type=found.action.action_type, in_force_at__isnull=False)
        unit = in_force_on(kinds, found.period.first_day).unit
        line = line_of(found)
        billed = line if line and line.invoice.number else None
        told = {
            "line": own.id_of(billed) if billed else None,
            "invoice": own.id_of(billed.invoice) if billed else None,
            "why": self._why(explain_to_buyer(found, unit=unit)),
        }
        return Response(self._one(found, unit, billed) | told)

    def _one(self, charge: Charge, unit: str, line: InvoiceLine | None) -> dict[str, Any]:
        own, action, lead = self.own, charge.action, charge.action.lead
        disputed = disputes_of([charge.pk]).get(charge.pk)
        return {
            "charge": own.id_of(charge),
            "action": shown_id(own, action.external_id),
            "action_type": action.action_type.name,
            "lead": shown_id(own, lead.external_id),
            "contact": contact_of(own, lead.email),
            "source": lead.source.name,
            "product": lead.product.name,
            "sku": lead.product.sku,
            "occurred_at": self.at(action.occurred_at),
            "quantity": str(action.quantity),
            "unit": unit,
            "reason": charge.reason,
            "reason_name": name_to_buyer(charge.reason) if charge.reason else "",
            "full_amount": str(charge.full_amount),
            "cuts": cuts_shape(charge.cuts),
            "exact_amount": str(charge.amount),
            "amount": _share(charge, line) if line else None,
            "dispute": own.id_of_number(Dispute, disputed) if disputed else None,
        }

    def _why(self, told: ToBuyer) -> dict[str, Any]:
        own = self.own
        return {
            "sentence": told.sentence,
            "steps": [{"what": each.what, "how": each.how, "amount": each.amount} for each in told.steps],
            "ladder": [{"units": each.units, "price": each.price, "is_hit": each.is_hit} for each in told.ladder],
            "limits": [{"what": each.what, "how": each.how, "amount": each.amount} for each in told.limits],
            "left": told.left,
            "price": told.price,
            "since": told.since,
            "paid_by": own.id_of_number(Charge, told.paid_by) if told.paid_by else None,
        }


def _share(charge: Charge, line: InvoiceLine) -> str:
    """What the charge is on its line, to the cent."""
    shares = shares_of(line.invoice, [charge.pk]) if not charge.reason else {}
    found = [some[charge.pk] for some in shares.values()]
    return rounded(found[0] if found else Decimal(0), line.invoice.currency)
