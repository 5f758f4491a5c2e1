"""The desk: the queue of disputes with its clock, the page of each, and the decisions."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import Colour, chip, instant, link, total
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from billing_engine.core.calendar.instants import day, instant_in_words
from receivables.admin.disputes.add_page import add
from receivables.admin.disputes.bulk_page import decide_many
from receivables.admin.disputes.dispute_page import clock_of, dispute_page, is_late
from receivables.domain.disputes.conversation import ask_for_evidence, ask_for_second_look, withdraw
from receivables.domain.disputes.deciding import accept, accept_in_part, reject, why_second_person
from receivables.domain.disputes.speaker import Speaker
from receivables.models import Dispute, DisputedCharge

State = Dispute.State
DECIDE = "receivables.change_dispute"
COLOURS: dict[str, Colour] = {
    State.OPEN: "blue",
    State.WAITING: "orange",
    State.SECOND_LOOK: "blue",
    State.ACCEPTED: "green",
    State.ACCEPTED_IN_PART: "green",
    State.REJECTED: "red",
    State.WITHDRAWN: "plain",
}

IS_DECIDED = ExpressionWrapper(~Q(state__in=Dispute.UNDECIDED), output_field=BooleanField())


class Words(forms.Form):
    """Words that the customer reads."""

    words = forms.CharField(
        label="What the customer reads", max_length=500, widget=UnfoldAdminTextareaWidget({"rows": 4})
    )


class OptionalWords(forms.Form):
    """Words that the customer reads, if any."""

    words = forms.CharField(
        label="What the customer reads",
        max_length=500,
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 4}),
    )


class InPart(Words):
    """The charges to accept, and why not the others."""

    field_order = ("accepted", "words")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["accepted"] = forms.TypedMultipleChoiceField(
            label="Accept these charges",
            coerce=int,
            choices=(self.initial or {}).get("charges", []),
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
        )
        self.order_fields(self.field_order)


def charges_to_choose(dispute: Dispute) -> dict[str, Any]:
    """The charges as choices."""
    rows = dispute.charges.select_related("action__action_type", "action__lead").order_by("action__occurred_at", "pk")
    return {"charges": [(each.action_id, _in_words(each, dispute)) for each in rows]}


def _in_words(charge: DisputedCharge, dispute: Dispute) -> str:
    action, amount = charge.action, money.in_words(charge.amount, dispute.currency)
    return (
        f"{amount}: {action.action_type}, {instant_in_words(action.occurred_at, dispute.customer.zone)}, {action.lead}"
    )


def says(dispute: Dispute) -> str:
    """Say what accepting does, and whether a second person approves it."""
    does = (
        "The actions are excluded from the coming invoice, at zero and with the reason."
        if dispute.period.is_open
        else "A credit note over exactly these charges is drafted."
    )
    return f"{does} {second(dispute)}".strip()


def second(dispute: Dispute) -> str:
    """Say that a second person must approve, and why."""
    why = why_second_person(dispute)
    return f"{why} A second person must approve the decision." if why else ""


def undecided(dispute: Dispute) -> bool:
    """Whether it can still be decided."""
    return dispute.is_undecided


def outcome_of(dispute: Dispute) -> Done:
    """Say whether it is decided, or needs a second person."""
    if dispute.proposed:
        return Done("A second person has to approve the decision.")
    return Done(f"{dispute.get_state_display()}.")


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyPage[Dispute]):
    nothing_yet = "No disputes yet. Open one from an invoice line or from charges."
    list_display = (
        "shown_number",
        "shown_customer",
        "shown_reason",
        "shown_total",
        "shown_state",
        "shown_clock",
        "opened",
    )
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("customer", AutocompleteSelectFilter),
        ("charges__action__lead__source", AutocompleteSelectFilter),
        ("reason", RelatedDropdownFilter),
    )
    related = ("customer", "reason", "period__customer", "invoice", "line", "opened_by", "decided_by")
    search_fields = ("invoice__number__istartswith", "customer__name", "=pk")
    search_help_text = "Invoice number, customer's name, or the last digits of the dispute's number"
    fields = (("shown_customer", "shown_state"), ("shown_invoice", "shown_reason"), ("opened", "opened_by_whom"))
    change_form_after_template = "receivables/dispute.html"
    actions = ("accept_chosen", "reject_chosen")
    actions_detail: Any = ("accept", "accept_in_part", "reject", "ask", "add", "second_look", "withdraw")

    shown_number = column(str, title="dispute")
    shown_customer = column(link, "customer", title="customer", order="customer__name")
    shown_reason = column(str, "reason", title="reason")
    shown_total = column(total, "total", "currency", title="disputed")
    shown_state = column(lambda state: chip(State(state).label, COLOURS[state]), "state", title="state")
    opened = column(instant, "opened_at", "customer.zone", title="opened")
    shown_invoice = column(link, "invoice", title="invoice", empty="Before the invoice")
    opened_by_whom = column(str, "opener", title="by")

    class Media:
        css = {"all": ["receivables/disputes.css"]}

    @admin.display(description="decide by", ordering="decide_by")
    def shown_clock(self, dispute: Dispute) -> str:
        today = dispute.customer.today
        if not dispute.is_undecided:
            return day(dispute.customer.day_of(dispute.decided_at)) if dispute.decided_at else ""
        if dispute.proposed:
            return chip("Second person", "orange")
        clock = clock_of(dispute, today)
        shown = chip(clock, "red" if is_late(dispute, today) else "plain")
        return format_html('<span class="dispute-clock">{} {}</span>', day(dispute.decide_by), shown)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dispute]:
        found = Dispute.objects.annotate(is_decided=IS_DECIDED).select_related(*self.related)
        return found.order_by(*self.get_ordering(request))

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("is_decided", "decide_by", "pk")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Add what the page shows below its facts."""
        row = self.get_object(request, object_id) if object_id else None
        shown = {"page": dispute_page(row)} if row else {}
        return super().changeform_view(request, object_id, form_url, shown | (extra_context or {}))

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Return whether the user can decide disputes."""
        return request.user.has_perm(DECIDE)

    def has_add_to_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Return whether the user can add words and files to disputes."""
        return request.user.has_perm("receivables.add_dispute")

    @admin.action(description="Accept", permissions=["decide"])
    def accept_chosen(self, request: HttpRequest, rows: QuerySet[Dispute]) -> HttpResponse | None:
        return decide_many(self, request, rows, State.ACCEPTED)

    @admin.action(description="Reject", permissions=["decide"])
    def reject_chosen(self, request: HttpRequest, rows: QuerySet[Dispute]) -> HttpResponse | None:
        return decide_many(self, request, rows, State.REJECTED)

    @button(
        "Accept",
        permission=DECIDE,
        icon="check",
        variant=ActionVariant.PRIMARY,
        offered=undecided,
        asks=Dialog(
            title=lambda dispute: f"Accept {dispute} over {dispute.total_in_words}?", says=says, form=OptionalWords
        ),
    )
    def accept(self, request: HttpRequest, dispute: Dispute, answers: dict[str, Any]) -> Done:
        return outcome_of(accept(dispute, words=answers["words"], by=person(request), at=now()))

    @button(
        "Accept in part",
        permission=DECIDE,
        icon="rule",
        offered=lambda dispute: dispute.is_undecided and dispute.charges.count() > 1,
        asks=Dialog(
            title=lambda dispute: f"Accept part of {dispute}?", says=says, form=InPart, first=charges_to_choose
        ),
    )
    def accept_in_part(self, request: HttpRequest, dispute: Dispute, answers: dict[str, Any]) -> Done:
        return outcome_of(accept_in_part(dispute, **answers, by=person(request), at=now()))

    @button(
        "Reject",
        permission=DECIDE,
        icon="close",
        offered=undecided,
        asks=Dialog(
            title=lambda dispute: f"Reject {dispute}?",
            says=lambda dispute: (
                f"The charges stand, and fall due 14 days from today or on their day. {second(dispute)}"
            ),
            form=Words,
            is_dangerous=True,
        ),
    )
    def reject(self, request: HttpRequest, dispute: Dispute, answers: dict[str, Any]) -> Done:
        return outcome_of(reject(dispute, words=answers["words"], by=person(request), at=now()))

    @button(
        "Ask for evidence",
        permission=DECIDE,
        icon="help",
        offered=lambda dispute: dispute.state == State.OPEN,
        asks=Dialog(
            title="Ask the customer for evidence?",
            says=lambda dispute: (
                "The clock waits for the answer."
                + (f"\nUsually asked for: {dispute.reason.evidence}" if dispute.reason.evidence else "")
            ),
            form=Words,
        ),
    )
    def ask(self, request: HttpRequest, dispute: Dispute, answers: dict[str, Any]) -> Done:
        ask_for_evidence(dispute, words=answers["words"], by=person(request), at=now())
        return Done("Asked. The clock waits for the answer.")

    add = add

    @button(
        "Second look",
        permission="receivables.add_dispute",
        icon="visibility",
        offered=lambda dispute: dispute.state == State.REJECTED and dispute.second_look_at is None,
        asks=Dialog(
            title="Ask a second person to look?",
            says="The customer may ask for it once. Another person than the one who rejected it decides.",
            form=Words,
        ),
    )
    def second_look(self, request: HttpRequest, dispute: Dispute, answers: dict[str, Any]) -> Done:
        ask_for_second_look(dispute, words=answers["words"], by=Speaker(person(request)), at=now())
        return Done("Another person decides now.")

    @button(
        "Withdraw",
        permission="receivables.add_dispute",
        icon="undo",
        offered=undecided,
        asks=Dialog(
            title="Withdraw this dispute?",
            says="The charges stand, and can be disputed again.",
            form=OptionalWords,
        ),
    )
    def withdraw(self, request: HttpRequest, dispute: Dispute, answers: dict[str, Any]) -> Done:
        withdraw(dispute, words=answers["words"], by=Speaker(person(request)), at=now())
        return Done("Withdrawn.")
