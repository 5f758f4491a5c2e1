"""The list of payments, refunds and returns, and the page of each with its allocations."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import NOTHING, address_of, chip, day, link, list_of, shortened, total
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.faults import tell
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from billing_engine.core.errors import HasFaults
from billing_engine.core.models.deed import Deed, DeedQuerySet
from receivables.admin.payments.forms import (
    AllocateForm,
    CameBackForm,
    MoneyOutForm,
    RecordForm,
    TakeBackForm,
)
from receivables.domain.ledger.allocations import standing
from receivables.domain.ledger.items import with_left
from receivables.domain.payments.allocate import allocate, take_allocation_back, why_not_taken_back
from receivables.domain.payments.record import OtherCompany, Received, items_named, record_payment
from receivables.domain.payments.returning import (
    come_back,
    refund,
    return_payment,
    returnable,
    why_not_come_back,
)
from receivables.models import Allocation, LedgerDocument, Payment
from receivables.queries.payments import matches_of, with_unapplied

CHANGE = "receivables.change_payment"
Kind = LedgerDocument.Kind


def left_of(payment: Payment) -> Any:
    """What its document has left."""
    return with_left(LedgerDocument.objects.filter(pk=payment.document_id)).get().left


def kind_chip(payment: Payment) -> SafeString:
    """What it is; money that came in is green."""
    is_in = payment.document.kind == Kind.PAYMENT
    return chip(payment.document.get_kind_display(), "green" if is_in else "orange")


def signed_total(payment: Payment) -> SafeString:
    """Its sum; money that went out is negative."""
    document = payment.document
    return total(document.amount if document.kind == Kind.PAYMENT else -document.amount, document.currency)


def taken_back_choices(payment: Payment) -> dict[str, Any]:
    """The allocations that can be taken back."""
    found = [each for each in standing(payment.document) if not why_not_taken_back(each)]
    currency, is_credit = payment.document.currency, payment.document.side == LedgerDocument.Side.CREDIT
    named = [(each, each.debit if is_credit else each.credit) for each in found]
    return {"allocations": [(each.pk, f"{item}, {money.in_words(each.amount, currency)}") for each, item in named]}


def first_out(payment: Payment) -> dict[str, Any]:
    """Today, and what could be refunded."""
    return {"on": payment.document.customer.today, "amount": left_of(payment)}


def first_return(payment: Payment) -> dict[str, Any]:
    """Today, and what could be returned."""
    return {"on": payment.document.customer.today, "amount": returnable(payment.document)}


def is_credit_with_rest(payment: Payment) -> bool:
    """Whether something of it can be allocated or refunded."""
    return payment.document.kind == Kind.PAYMENT and left_of(payment) > 0


@admin.register(Payment)
class PaymentAdmin(ReadOnlyPage[Payment]):
    list_display = ("shown_day", "shown_customer", "shown_kind", "amount", "unapplied", "reference", "shown_account")
    list_display_links = ("shown_day",)
    list_filter = (
        ("document__customer", AutocompleteSelectFilter),
        ("document__kind", ChoicesDropdownFilter),
        ("method", ChoicesDropdownFilter),
    )
    search_fields = ("document__reference__istartswith", "document__customer__name", "payer_name__istartswith")
    search_help_text = "Reference, customer or payer"
    related = ("document__customer", "account", "undoes__payment", "row__statement__file")
    ordering = ("-document__posted_on", "-pk")
    nothing_yet = "No payments yet. Record one, or upload a bank file."
    actions_list: Any = ("record",)
    actions_detail: Any = ("allocate", "take_back", "refund", "return_it", "came_back")
    change_form_after_template = "receivables/allocations.html"
    fieldsets = (
        (None, {"fields": (("shown_customer", "shown_kind"), ("amount", "unapplied"), ("shown_day", "shown_method"))}),
        ("Details", {"fields": ("reference", ("shown_payer", "shown_payer_account"), ("shown_account", "shown_row"))}),
        (None, {"fields": (("shown_undoes", "shown_note"),)}),
    )

    shown_day = column(day, "document.posted_on", title="day", order="document__posted_on")
    shown_customer = column(link, "document.customer", title="customer", order="document__customer__name")
    shown_kind = column(kind_chip, title="kind")
    amount = column(signed_total, title="amount", order="document__amount")
    unapplied = column(lambda payment: total(payment.left, payment.document.currency), title="unapplied")
    reference = column(shortened, "document.reference", title="reference")
    shown_account = column(str, "account", title="account", empty=NOTHING)
    shown_payer = column(str, "payer_name", title="payer name", empty=NOTHING)
    shown_payer_account = column(str, "payer_account", title="payer account", empty=NOTHING)
    shown_note = column(str, "note", title="note", empty=NOTHING)
    shown_method = column(lambda payment: payment.get_method_display(), title="method")
    shown_row = column(link, "row", title="bank file", empty=NOTHING)
    shown_undoes = column(
        lambda undone: link(undone.payment, undone) if hasattr(undone, "payment") else str(undone), "undoes",
        title="undoes", empty=NOTHING,
    )  # fmt: skip

    class Media:
        css = {"all": ["core/pages.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payment]:
        return with_unapplied(super().get_queryset(request))

    def deeds_on(self, row: Payment) -> DeedQuerySet:
        """Those on its document: who recorded it, and what was matched, refunded or returned."""
        return Deed.objects.about(row.document)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        document = kwargs["obj"].document
        context["matches"] = [(each, _address(each.item)) for each in matches_of(document)]
        context["matches_title"] = "Settles" if document.side == LedgerDocument.Side.CREDIT else "Settled by"
        return super().render_change_form(request, context, *args, **kwargs)

    def has_record_permission(self, request: HttpRequest) -> bool:
        """Whether this user may record payments."""
        return request.user.has_perm("receivables.add_payment")

    def _record(self, request: HttpRequest) -> HttpResponse:
        form = RecordForm(request.POST or None, initial=request.GET.dict())
        if request.method == "POST" and form.is_valid():
            try:
                document = record_payment(
                    _received(form.cleaned_data), by=person(request), at=now(), settles=form.cleaned_data["settles"]
                )
            except HasFaults as refusal:
                tell(form, refusal.faults)
            except OtherCompany as refusal:
                form.add_error("invoices", str(refusal))
            else:
                messages.success(request, "Payment recorded.")
                return HttpResponseRedirect(address_of(document.payment))
        says = "What is more than the customer owes stays unapplied, and can be allocated or refunded later."
        page = {"opts": self.opts, "title": "Record a payment", "says": says, "form": form, "presses": "Record"}
        page |= {"back": list_of("receivables.payment")}
        return render(request, "receivables/form_page.html", {**self.admin_site.each_context(request), **page})

    record: Any = action(
        _record,
        permissions=["record"],
        description="Record payment",
        icon="add",
        variant=ActionVariant.PRIMARY,
        url_path="record",
    )

    @button(
        "Allocate",
        permission=CHANGE,
        icon="link",
        variant=ActionVariant.PRIMARY,
        offered=is_credit_with_rest,
        asks=Dialog(title="Allocate what is unapplied?", form=AllocateForm),
    )
    def allocate(self, request: HttpRequest, payment: Payment, answers: dict[str, Any]) -> Done:
        document = payment.document
        chosen = items_named(answers["invoices"], document.customer, document.currency)
        allocate(document, by=person(request), at=now(), to=chosen, most=answers["most"])
        return Done("Allocated.")

    @button(
        "Take back",
        permission=CHANGE,
        icon="link_off",
        offered=lambda payment: bool(taken_back_choices(payment)["allocations"]),
        asks=Dialog(
            title="Take an allocation back?",
            says="Both sides are open again from today on. No money moves.",
            form=TakeBackForm,
            first=taken_back_choices,
        ),
    )
    def take_back(self, request: HttpRequest, payment: Payment, answers: dict[str, Any]) -> Done:
        made = Allocation.objects.get(pk=answers["allocation"])
        take_allocation_back(made, by=person(request), at=now(), reason=answers["reason"])
        return Done("Taken back.")

    @button(
        "Refund",
        permission=CHANGE,
        icon="undo",
        offered=is_credit_with_rest,
        asks=Dialog(
            title="Refund what is unapplied?",
            says="Record it once you have paid the money back.",
            form=MoneyOutForm,
            first=first_out,
        ),
    )
    def refund(self, request: HttpRequest, payment: Payment, answers: dict[str, Any]) -> Done:
        made = refund(payment.document, **answers, by=person(request), at=now())
        return Done("Refunded.", address_of(made.payment))

    @button(
        "Return",
        permission=CHANGE,
        icon="assignment_return",
        offered=lambda payment: payment.document.kind == Kind.PAYMENT and returnable(payment.document) > 0,
        asks=Dialog(
            title="Return this payment?",
            says="It bounced or was charged back. What it settled is open again.",
            form=MoneyOutForm,
            first=first_return,
            is_dangerous=True,
        ),
    )
    def return_it(self, request: HttpRequest, payment: Payment, answers: dict[str, Any]) -> Done:
        made = return_payment(payment.document, **answers, by=person(request), at=now())
        return Done("Returned.", address_of(made.payment))

    @button(
        "Money came in again",
        permission=CHANGE,
        icon="redo",
        offered=lambda payment: not why_not_come_back(payment.document),
        asks=Dialog(
            title="Did all of this money come in again?",
            says="For example, you won the dispute. It settles what the return opened.",
            form=CameBackForm,
            first=lambda payment: {"on": payment.document.customer.today},
        ),
    )
    def came_back(self, request: HttpRequest, payment: Payment, answers: dict[str, Any]) -> Done:
        made = come_back(payment.document, **answers, by=person(request), at=now())
        return Done("Recorded.", address_of(made.payment))


def _received(given: dict[str, Any]) -> Received:
    names = ("customer", "on", "amount", "currency", "reference", "method", "account")
    return Received(**{name: given[name] for name in names}, details={"payer_name": given["payer_name"]})


def _address(item: LedgerDocument) -> str:
    if item.invoice:
        return address_of(item.invoice)
    return address_of(item.payment) if hasattr(item, "payment") else ""
