"""The buttons on a billing period's page that concern its invoice, and the proof; the rest of the page belongs to pricing."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from unfold.enums import ActionVariant

from billing_engine.core.admin_kit.cells import page_of
from billing_engine.core.admin_kit.dialogs import REQUESTED, Dialog, Done, WithReason, button, dialog_page, person
from billing_engine.core.errors import Refused
from billing_engine.core.money import price_in_words
from invoices.admin.invoice.billing_again import BILL_AGAIN, bill_again_and_open
from invoices.domain.life.reopen import check_may_reopen, may_bill_again, may_reopen
from invoices.domain.life.reopen import reopen as reopen_period
from invoices.domain.month_close.approvals import request_reopening
from leads.models import BillingPeriod
from pricing.admin.periods import BillingPeriodAdmin
from pricing.domain.audit.prove import Proof
from pricing.domain.audit.prove import prove as proof_of
from pricing.models import PeriodTally
from pricing.wording.proof import outcome_in_words

MAX_ACTIONS = 200_000  # takes a few seconds
SHOWN = 20


class TooManyToProveAtOnce(Refused):
    """A period with too many actions must be proven on the command line."""

    code = "too_many_to_prove_at_once"


@button(
    "Bill again",
    permission="invoices.add_billingrun",
    icon="receipt_long",
    variant=ActionVariant.PRIMARY,
    offered=may_bill_again,
    asks=BILL_AGAIN,
)
def bill_again(_: Any, request: HttpRequest, period: BillingPeriod, _answers: dict[str, Any]) -> Done:
    return bill_again_and_open(period, by=person(request))


@button(
    "Prove",
    permission="pricing.view_charge",
    icon="verified",
    variant=ActionVariant.PRIMARY,
    offered=lambda period: not period.is_open,
    asks=Dialog(
        title=lambda period: f"Rate {period} again?",
        says="Rates every action again and compares the result with its charge, to the last digit. Nothing is changed.",
    ),
)
def prove(page: Any, request: HttpRequest, period: BillingPeriod, _answers: dict[str, Any]) -> HttpResponse:
    tally = PeriodTally.objects.filter(period=period).first()
    if tally and tally.actions > MAX_ACTIONS:
        raise TooManyToProveAtOnce(
            f"This period has {tally.actions:,} actions, too many to prove on this page. On a server, run:"
            f" manage.py prove_period {period.customer.code} {period.label}"
        )
    return dialog_page(page, request, period, _proof_page(proof_of(period)), template="invoices/proof.html")


@button(
    "Reopen",
    permission="leads.change_billingperiod",
    icon="lock_open",
    offered=may_reopen,
    guard=check_may_reopen,
    asks=Dialog(
        title=lambda period: f"Reopen {period}?",
        says="Its draft is deleted, its actions are rated again, and the next billing run bills it again. Only a person "
        "who did not work on the invoice can do this. To reopen an issued period, void its invoice.",
        form=WithReason,
        is_dangerous=True,
    ),
)
def reopen(_: Any, request: HttpRequest, period: BillingPeriod, answers: dict[str, Any]) -> Done:
    reopen_period(period, reason=answers["reason"], by=person(request), at=now())
    return Done("Reopened. Its actions are being rated again.")


@button(
    "Ask to reopen",
    permission="leads.change_billingperiod",
    icon="lock_open",
    offered=may_reopen,
    instead_of=check_may_reopen,
    asks=Dialog(
        title=lambda period: f"Ask for approval to reopen {period}?",
        says="When a person who did not work on the invoice approves, its draft is deleted and its actions are rated again.",
        form=WithReason,
    ),
)
def ask_to_reopen(_: Any, request: HttpRequest, period: BillingPeriod, answers: dict[str, Any]) -> Done:
    request_reopening(period, by=person(request), at=now(), reason=answers["reason"])
    return Done(REQUESTED)


BillingPeriodAdmin.extend_buttons(bill_again, prove, reopen, ask_to_reopen, before="retry")


def _proof_page(proof: Proof) -> dict[str, Any]:
    currency = proof.period.customer.currency
    return {
        "title": f"Proof of {proof.period}",
        "proof": proof,
        "amount": price_in_words(proof.amount, currency),
        "differences": [
            {
                "action": one.action,
                "address": page_of("leads.action", one.action),
                "stored": outcome_in_words(one.stored, currency, beside=one.again),
                "again": outcome_in_words(one.again, currency, beside=one.stored),
            }
            for one in proof.differences[:SHOWN]
        ],
        "more": proof.differing - min(SHOWN, len(proof.differences)),
    }
