"""The pages of bulk retries, with their progress and results."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from billing_engine.core.admin_kit.bulk import SKIPPED_SHOWN, Skipped, SkippedRow
from billing_engine.core.admin_kit.cells import NOTHING, chip, code, instant, link, list_of, number, page_of
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from leads.models import BulkRetry, QuarantineStep


def refused_again(retry: BulkRetry) -> Skipped | None:
    """Return the items that were refused again, each with its fault at that time."""
    steps = QuarantineStep.objects.filter(
        kind=QuarantineStep.Kind.REFUSED_AGAIN,
        item__source=retry.source_id,
        item_id__lte=retry.reached,
        by=retry.started_by_id,
        at__gte=retry.started_at,
    )
    if retry.finished_at:
        steps = steps.filter(at__lte=retry.finished_at)
    count = steps.count() if retry.refused else 0
    if not count:
        return None
    rows = [
        SkippedRow(str(step.item), step.note, page_of("leads.quarantineditem", step.item_id))
        for step in steps.select_related("item").order_by("pk")[:SKIPPED_SHOWN]
    ]
    return Skipped(f"Stored: {retry.stored:,}. Refused again: {retry.refused:,}", rows, count - len(rows))


@admin.register(BulkRetry)
class BulkRetryAdmin(ReadOnlyPage[BulkRetry]):
    """A page that is reached from quarantine, not from the menu."""

    change_form_template = "leads/bulk_retry.html"
    list_display = ("started", "shown_source", "shown_code", "shown_total", "shown_stored", "shown_refused", "state")
    list_filter = (("source", AutocompleteSelectFilter),)
    related = ("source", "started_by")
    ordering = ("-pk",)
    fields = (("shown_source", "shown_code"), ("started", "starter"), "finished")

    started = column(instant, "started_at", title="started", order="started_at")
    starter = column(str, "started_by", title="by", empty=NOTHING)
    finished = column(instant, "finished_at", title="finished")
    shown_source = column(link, "source", title="source")
    shown_code = column(code, "code", title="code")
    shown_total = column(number, "total", title="items")
    shown_stored = column(number, "stored", title="stored")
    shown_refused = column(number, "refused", title="refused again")
    state = column(
        lambda retry: chip("Finished", "green") if retry.finished_at else chip(f"{retry.percent}%", "blue"),
        title="state",
    )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        retry: BulkRetry = kwargs["obj"]
        context["waiting"] = max(0, retry.total - retry.stored - retry.refused)
        context["skipped"] = refused_again(retry)
        context["these"] = list_of("leads.quarantineditem", code=retry.code, source__id__exact=retry.source_id)
        return super().render_change_form(request, context, *args, **kwargs)
