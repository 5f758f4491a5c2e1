"""The page at which a customer pays online: it shows what is open now, and the button leads to Stripe."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from billing_engine.core import money
from billing_engine.core.access.pages import ANYONE, needs
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.errors import Refused
from billing_engine.core.rate_limit import wait_for_turn
from receivables.domain.online.checkout import Payable, check_out, payables, to_pay_now
from receivables.domain.online.provider import ProviderRefused, ProviderUnavailable, is_on
from receivables.models import PaymentLink

CLICKS_PER_MINUTE = 20
TRY_LATER = "Paying online does not work right now. Nothing was charged. Try again in a few minutes."


@needs(ANYONE)  # everyone who has the address: it can't be guessed
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, token: str) -> HttpResponse:
    """Show what is to be paid; by POST, go to Stripe and pay it. A GET changes nothing: mail scanners follow links."""
    link = PaymentLink.objects.select_related("customer").filter(token=token).first()
    if link is None or not is_on():
        raise Http404
    refused, status = "", 200
    if request.method == "POST":
        if wait_for_turn(f"pay:{link.pk}", per_minute=CLICKS_PER_MINUTE):
            return _page(request, link, refused=TRY_LATER, status=429)
        try:
            return HttpResponseRedirect(check_out(link, at=now()))
        except (ProviderUnavailable, ProviderRefused):
            refused, status = TRY_LATER, 503
        except Refused as refusal:
            refused, status = str(refusal), 409
    return _page(request, link, refused=refused, status=status)


def _page(request: HttpRequest, link: PaymentLink, *, refused: str, status: int) -> HttpResponse:
    items = payables(link)
    due, seller = to_pay_now(items), _seller(items)
    context = {
        "seller": seller.get("name", ""),
        "email": seller.get("email", ""),
        "customer": link.customer.name,
        "to_pay": money.in_words(due, link.currency) if due else "",
        "items": [_row(each) for each in items],
        "on_its_way": _sum(items, "on_its_way", link.currency),
        "is_back": "paid" in request.GET,
        "refused": refused,
    }
    response = render(request, "receivables/pay.html", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response


def _seller(items: list[Payable]) -> dict[str, Any]:
    """The seller as the invoices name it."""
    invoices = (item.document.invoice for item in items)
    return next((invoice.seller for invoice in invoices if invoice and invoice.seller), {})


def _row(item: Payable) -> dict[str, Any]:
    currency = item.document.currency
    facts = {
        "open": item.document.left,
        "disputed": item.disputed,
        "on_its_way": item.on_its_way,
        "to_pay": item.to_pay,
    }
    words = {name: money.in_words(value, currency) if value else "" for name, value in facts.items()}
    due_on = item.document.due_on
    return {**words, "number": item.document.reference, "due_on": day_in_words(due_on) if due_on else ""}


def _sum(items: list[Payable], name: str, currency: str) -> str:
    found = sum((getattr(each, name) for each in items), money.ZERO)
    return money.in_words(found, currency) if found else ""
