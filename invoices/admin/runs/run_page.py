"""The page of one billing run: its progress, what it drafted, and what failed and why."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from billing_engine.core.admin_kit.cells import list_of
from billing_engine.core.money import in_words
from invoices.domain.run.billing_run import progress
from invoices.domain.run.blockers import BILLED, SETTLED, blocker_of
from invoices.domain.wording import month_in_words
from invoices.models import BillingRun, BillingRunItem, Invoice

FAILURES_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Failure:
    """A customer that could not be billed, why, and where to fix it."""

    customer: str
    customer_address: str
    reason: str
    remedy: str
    remedy_address: str


@dataclass(frozen=True, slots=True)
class Drafted:
    """The number and total of the run's invoices in one currency."""

    invoices: int
    total: str


def run_page(model_admin: Any, request: HttpRequest, run: BillingRun) -> HttpResponse:
    """Show the run; while it is in progress, the page polls for updates."""
    found = model_admin.get_actions_detail(request, str(run.pk))
    page = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "original": run,
        "object": run,
        "title": str(run),
        "run": run,
        "month": month_in_words(run.cycle),
        "progress": progress(run),
        "progress_address": reverse("admin:invoices_billingrun_progress", args=[run.pk]),
        "failures": failures_of(run),
        "drafted": drafted_by(run),
        "invoices_address": list_of("invoices.invoice", month=run.cycle),
        "media": model_admin.media,
        "actions_detail": model_admin._get_actions_navigation(  # noqa: SLF001 -- Unfold makes its header's buttons so
            model_admin.actions_detail, found, str(run.pk)
        ),
    }
    return TemplateResponse(request, "invoices/run_page.html", page)


def failures_of(run: BillingRun) -> list[Failure]:
    """Return the first failed items, by customer."""
    items = (
        run.items.filter(state=BillingRunItem.State.FAILED)
        .select_related("period__customer", "period__tally")
        .order_by("period__customer__name")
    )
    return [_failure(item) for item in items[:FAILURES_SHOWN]]


def _failure(item: BillingRunItem) -> Failure:
    customer, reason = item.period.customer, blocker_of(item)
    remedy, address = _remedy(item, reason)
    return Failure(
        customer=customer.name,
        customer_address=reverse("admin:leads_customer_change", args=[customer.pk]),
        reason=reason,
        remedy=remedy,
        remedy_address=address,
    )


def _remedy(item: BillingRunItem, reason: str) -> tuple[str, str]:
    """Return what to do about the failure, and where."""
    if reason == BILLED:
        return "See its invoice", list_of("invoices.invoice", period__id__exact=item.period_id)
    if reason == SETTLED:
        return "See the period", list_of("leads.billingperiod", id__exact=item.period_id)
    if item.code == "unrated_actions":
        return "See the unrated actions", list_of("pricing.unratedaction", period__id__exact=item.period_id)
    if item.code == "period_is_closed":
        return "See its invoice", list_of("invoices.invoice", period__id__exact=item.period_id)
    return "See the period", list_of("leads.billingperiod", id__exact=item.period_id)


def drafted_by(run: BillingRun) -> list[Drafted]:
    """Return the number and total of the run's invoices by currency."""
    sums = (
        Invoice.objects.filter(run_items__run=run)
        .values("currency")
        .annotate(invoices=Count("pk"), sum=Sum("total"))
        .order_by("currency")
    )
    return [Drafted(row["invoices"], in_words(row["sum"], row["currency"])) for row in sums]
