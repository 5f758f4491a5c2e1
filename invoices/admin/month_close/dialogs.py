"""The dialogs of a month's steps: what they come to, by currency, and what is left out, before anything is done."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from billing_engine.core.calendar.spans import labels_of
from billing_engine.core.counts import names_in_words
from billing_engine.core.errors import Refused
from billing_engine.core.money import difference_in_words
from invoices.admin.invoice.dialogs import IssueForm
from invoices.domain.mail.server import check_server, sends_email, server_name
from invoices.domain.month_close.bulk_action import failed_before, waiting_for, without_contacts
from invoices.domain.month_close.close_month import check_may_lock, left_behind
from invoices.domain.month_close.unfinished import remaining_in
from invoices.domain.wording import month_in_words
from invoices.models import BillingCycle, Invoice
from invoices.queries.cycle import Flagged, flagged_in
from invoices.queries.sums import sums_of

BulkAction = BillingCycle.BulkAction
TEMPLATE = "invoices/month_dialog.html"
LOCK, SEND = "invoices.change_billingcycle", "invoices.add_invoicemail"
FLAGS_SHOWN = 8
Also = Callable[[BillingCycle, forms.Form, Refused | None], dict[str, Any]]


class OptionalReasonForm(forms.Form):
    """An optional reason."""

    reason = forms.CharField(
        max_length=500,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Required if quarantined items or open periods of inactive customers are left behind.",
    )


class IssueMonthForm(IssueForm):
    """The date of the invoices, and what is done together with issuing them, as far as the person may do it now."""

    lock = forms.BooleanField(required=False, widget=UnfoldBooleanSwitchWidget)
    reason = forms.CharField(label="Reason", max_length=500, required=False, widget=UnfoldAdminTextInputWidget)
    send = forms.BooleanField(required=False, widget=UnfoldBooleanSwitchWidget)

    def __init__(self, *, initial: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(initial=initial, **kwargs)
        for name in ("lock", "send"):
            if initial[name]:
                self.fields[name].label = initial[f"{name}_label"]
            else:
                del self.fields[name]
        if initial["lock"] and initial["behind"]:
            self.fields["reason"].help_text = f"For the lock: {initial['behind']} will be left behind."
        else:
            del self.fields["reason"]


@dataclass(frozen=True, slots=True)
class FlagRow:
    """A flag in words: the customer, why, the amount that it is about, and the invoice with its total."""

    invoice: Invoice
    why: str
    amount: str
    needs_review: bool


def flag_row(found: Flagged) -> FlagRow:
    """Return the flag in words."""
    flag, invoice = found.flag, found.invoice
    amount = difference_in_words(flag.amount, invoice.currency) if flag.amount is not None else ""
    return FlagRow(invoice, flag.message, amount, found.needs_review)


def issue_together(cycle: BillingCycle, by: User) -> dict[str, Any]:
    """Return what stands inside Issue for a person: Lock and Send, as far as they are permitted and possible."""
    left = remaining_in(cycle.label)
    earlier = waiting_for(cycle, BulkAction.SEND).count()
    also = f", and {earlier:,} issued before and not sent yet" if earlier else ""
    recorded = "" if sends_email() else " (only recorded: there is no mail server)"
    return {
        "lock": by.has_perm(LOCK) and _passes(lambda: check_may_lock(cycle, at=now())),
        "lock_label": f"Lock {month_in_words(cycle.label)} first",
        "behind": left_behind(left),
        "send": by.has_perm(SEND) and _passes(check_server),
        "send_label": f"Email the invoices when they are issued{also}{recorded}",
    }


def _passes(check: Callable[[], object]) -> bool:
    try:
        check()
    except Refused:
        return False
    return True


def waiting_sums(action: BillingCycle.BulkAction) -> Also:
    """Return what adds the sums of the invoices that the bulk action would process."""
    return lambda cycle, _form, _refused: _sums(waiting_for(cycle, action))


def sums_to_approve(cycle: BillingCycle, _form: forms.Form, _refused: Refused | None) -> dict[str, Any]:
    """Add the sums of the drafts, and the flagged ones, which are skipped."""
    skipped = _skipped_in(cycle)
    rows, count = [flag_row(found) for found in skipped[:FLAGS_SHOWN]], len({found.invoice.pk for found in skipped})
    shown = {"skipped": rows, "skipped_count": count, "skipped_more": len(skipped) > FLAGS_SHOWN}
    return shown | _sums(_to_approve(cycle, skipped))


def to_approve_in_words(cycle: BillingCycle) -> str:
    """Return how many drafts need no closer look: `3 drafts`."""
    return _in_words(_to_approve(cycle, _skipped_in(cycle)).count(), "draft")


def _skipped_in(cycle: BillingCycle) -> list[Flagged]:
    return [found for found in flagged_in(cycle.label) if found.needs_review]


def _to_approve(cycle: BillingCycle, skipped: list[Flagged]) -> QuerySet[Invoice]:
    return waiting_for(cycle, BulkAction.APPROVE).exclude(pk__in={found.invoice.pk for found in skipped})


def month_sums(cycle: BillingCycle, _form: forms.Form, _refused: Refused | None) -> dict[str, Any]:
    """Add the sums of all of the month's invoices, without void ones."""
    return _sums(Invoice.objects.live().filter(period__label__in=labels_of(cycle.label)))


def _sums(invoices: QuerySet[Invoice]) -> dict[str, Any]:
    sums = sums_of(invoices)
    return {"sums": sums, "has_credit": any(one.credit for one in sums)}


def may_send_all(cycle: BillingCycle) -> bool:
    """Return whether there is something to send, and emails may be sent or, on a local server, recorded."""
    return _passes(check_server) and has_waiting(BulkAction.SEND)(cycle)


def has_waiting(action: BillingCycle.BulkAction) -> Callable[[BillingCycle], bool]:
    """Return a check whether the bulk action has something to do, and none is in progress."""
    return lambda cycle: not cycle.bulk_action and waiting_for(cycle, action).exists()


def waiting_in_words(cycle: BillingCycle, action: BillingCycle.BulkAction, what: str) -> str:
    """Return how many invoices the bulk action would process: `1 draft`, `1,234 invoices`."""
    return _in_words(waiting_for(cycle, action).count(), what)


def _in_words(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def send_all_notice(cycle: BillingCycle) -> str:
    """Say who gets the emails, how many failed before, and which customers are skipped."""
    failed = failed_before(cycle)
    again = f" {failed:,} of them failed before." if failed else ""
    contactless = without_contacts(cycle)
    skipped = f" Skipped, without billing contacts: {names_in_words(contactless)}." if contactless else ""
    recorded = "" if sends_email() else f" They will not be delivered: emails are only recorded here ({server_name()})."
    return (
        "Sends every issued invoice that was not sent yet to the customer's billing contacts, with its template and PDF."
        f"{again}{skipped}{recorded}"
    )
