"""The pages of bulk retries, with their progress and results."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.enums import ActionVariant

from billing_engine.core.admin_kit.bulk import SKIPPED_SHOWN, Skipped, SkippedRow
from billing_engine.core.admin_kit.cells import NOTHING, chip, code, instant, link, list_of, number, page_of
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.pages import FollowedPage
from leads.domain.quarantine.bulk_retry import resume_retry, retry_next, stop_retry
from leads.domain.quarantine.fixes import Fixing
from leads.models import BulkRetry, QuarantineStep

CHANGE = "leads.change_quarantineditem"
RETRIED_HERE = 100  # the workers retry larger groups


def worked_off(request: HttpRequest, retry: BulkRetry) -> HttpResponse:
    """Carry out a small retry immediately, and leave a larger one to the workers; go where its outcome is shown."""
    if retry.total > RETRIED_HERE:
        return HttpResponseRedirect(page_of("leads.bulkretry", retry.pk))
    while retry_next(retry.pk, at=now()):
        pass
    retry.refresh_from_db()
    level = messages.WARNING if retry.refused else messages.SUCCESS
    messages.add_message(request, level, f"Stored: {retry.stored}. Refused again: {retry.refused}.")
    # If some were refused, the page of the retry says why.
    is_whole = not retry.refused
    return HttpResponseRedirect(list_of("leads.quarantineditem") if is_whole else page_of("leads.bulkretry", retry.pk))


def is_running(retry: BulkRetry) -> bool:
    """Return whether the workers have it."""
    return retry.finished_at is None and retry.stopped_at is None


def is_stopped(retry: BulkRetry) -> bool:
    """Return whether it can be resumed."""
    return retry.finished_at is None and retry.stopped_at is not None


def _change(retry: BulkRetry) -> str:
    """What is changed: the place, the wrong value, and the right one."""
    fixing = Fixing.of(retry)
    return " → ".join(fixing.change) if fixing else ""


def _state(retry: BulkRetry) -> SafeString:
    if retry.finished_at:
        return chip("Finished", "green")
    return chip("Stopped", "orange") if retry.stopped_at else chip(f"{retry.percent}%", "blue")


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
class BulkRetryAdmin(FollowedPage[BulkRetry]):
    """A page that is reached from quarantine, not from the menu."""

    change_form_template = "leads/bulk_retry.html"
    list_display = ("started", "shown_source", "shown_code", "shown_total", "shown_stored", "shown_refused", "state")
    list_filter = (("source", AutocompleteSelectFilter),)
    related = ("source", "started_by")
    ordering = ("-pk",)
    actions_detail = ("stop", "resume")
    fields = (("shown_source", "shown_code"), "shown_change", ("started", "starter"), "finished")

    started = column(instant, "started_at", title="started", order="started_at")
    starter = column(str, "started_by", title="by", empty=NOTHING)
    finished = column(instant, "finished_at", title="finished")
    shown_source = column(link, "source", title="source")
    shown_code = column(code, "code", title="code")
    shown_total = column(number, "total", title="items")
    shown_stored = column(number, "stored", title="stored")
    shown_refused = column(number, "refused", title="refused again")
    shown_change = column(_change, title="change", empty=NOTHING)
    state = column(_state, title="state")

    def is_busy(self, row: BulkRetry) -> bool:
        return is_running(row)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        retry: BulkRetry = kwargs["obj"]
        context["waiting"] = max(0, retry.total - retry.stored - retry.refused)
        context["skipped"] = refused_again(retry)
        context["these"] = list_of("leads.quarantineditem", code=retry.code, source__id__exact=retry.source_id)
        return super().render_change_form(request, context, *args, **kwargs)

    @button(
        "Stop",
        permission=CHANGE,
        icon="pause",
        offered=is_running,
        asks=Dialog(title="Stop this retry?", says="What is stored stays stored. The rest waits in quarantine."),
    )
    def stop(self, request: HttpRequest, retry: BulkRetry, answers: dict[str, Any]) -> Done:
        stop_retry(retry, by=person(request), at=now())
        return Done("Stopped.")

    @button(
        "Resume",
        permission=CHANGE,
        icon="play_arrow",
        variant=ActionVariant.PRIMARY,
        offered=is_stopped,
        asks=Dialog(title="Resume this retry?", says="The workers go on where it was stopped."),
    )
    def resume(self, request: HttpRequest, retry: BulkRetry, answers: dict[str, Any]) -> Done:
        resume_retry(retry, by=person(request))
        return Done("Resumed.")
