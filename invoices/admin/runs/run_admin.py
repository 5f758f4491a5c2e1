"""The list of billing runs, and the page of each run with its buttons."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import NOTHING, address_of, chip, instant, list_of, number
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from billing_engine.core.calendar.spans import Cycle
from billing_engine.core.errors import Refused
from invoices.admin.runs.run_page import run_page
from invoices.admin.runs.start_form import StartForm
from invoices.domain.run.billing_run import pause, progress, resume, retry_failed, start
from invoices.domain.wording import month_in_words
from invoices.models import BillingRun, BillingRunItem

State = BillingRunItem.State
START = "invoices.add_billingrun"
START_SAYS = (
    "Rates and closes every open period of the cycle and drafts its invoice. Periods that cannot be billed yet stay open and"
    " are listed with the reason."
)


def has_failed_items(run: BillingRun) -> bool:
    """Return whether the run has failed items to retry."""
    return run.items.filter(state=State.FAILED).exists()


def is_going_on(run: BillingRun) -> bool:
    """Return whether the run is neither finished nor paused."""
    return run.finished_at is None and run.paused_at is None


@admin.register(BillingRun)
class BillingRunAdmin(ReadOnlyPage[BillingRun]):
    list_display = ("shown_cycle", "shown_state", "billed", "nothing", "failed", "waiting", "started", "shown_by")
    list_display_links = ("shown_cycle",)
    related = ("started_by",)
    search_fields = ("cycle__startswith",)
    search_help_text = "Cycle, such as 2026-10 or 2026-W43"
    ordering = ("-pk",)
    actions_list: Any = ("start_run",)
    actions_detail: Any = ("resume", "pause", "retry")

    shown_cycle = column(month_in_words, "cycle", title="cycle", order="cycle")
    billed = column(number, "billed_items", title="billed")
    nothing = column(number, "nothing_items", title="nothing to bill")
    failed = column(number, "failed_items", title="failed")
    waiting = column(number, "waiting_items", title="waiting")
    started = column(instant, "started_at", title="started", order="started_at")
    shown_by = column(str, "started_by", title="by", order="started_by", empty=NOTHING)

    class Media:
        css = {"all": ["invoices/finance.css"]}
        js = ["invoices/run.js"]

    # --- The list -------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[BillingRun]:
        """Return the runs with their number of items per state; there are only a few runs a year."""
        counts = {f"{state.value}_items": Count("items", filter=Q(items__state=state)) for state in State}
        found: QuerySet[BillingRun] = super().get_queryset(request)
        return found.annotate(**counts)

    @admin.display(description="state", ordering="finished_at")
    def shown_state(self, run: Any) -> SafeString:
        if run.paused_at:
            return chip("Paused", "orange")
        if run.finished_at is None:
            return chip("In progress", "blue")
        return chip("Finished, some failed", "red") if run.failed_items else chip("Finished", "green")

    def has_start_permission(self, request: HttpRequest) -> bool:
        """Return whether the user can start runs and retry failed items."""
        return request.user.has_perm(START)

    def _start_run(self, request: HttpRequest) -> HttpResponse:
        form = StartForm(data=request.POST if request.method == "POST" else None, at=now())
        if request.method == "POST" and form.is_valid():
            try:
                run = start(Cycle.parse(form.cleaned_data["cycle"]), by=person(request), at=now())
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                return _gone_to(request, address_of(run))
        asks = {"title": "Start a billing run", "says": START_SAYS}
        page = {"opts": self.opts, "title": asks["title"], "back": list_of("invoices.billingrun")}
        page |= {"form": form, "asks": asks, "presses": "Start"}
        response = render(request, "core/dialog.html", {**self.admin_site.each_context(request), **page})
        response["Cache-Control"] = "no-store"
        return response

    start_run: Any = action(
        _start_run,
        permissions=["start"],
        description="Start billing run",
        icon="play_arrow",
        variant=ActionVariant.PRIMARY,
        url_path="start",
    )
    start_run.dialog = {"title": "Start billing run"}

    # --- The page -------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        progress_url = path(
            "<int:run_id>/progress/", self.admin_site.admin_view(self.progress), name="invoices_billingrun_progress"
        )
        return [progress_url, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return run_page(self, request, self.visible(request, object_id))

    @needs("invoices.view_billingrun")
    def progress(self, request: HttpRequest, run_id: int) -> JsonResponse:
        """Return the run's progress as JSON; its page polls this every two seconds."""
        run = get_object_or_404(BillingRun, pk=run_id)
        current = progress(run)
        states = {state.value: getattr(current, state.value) for state in State}
        answer = {**states, "total": current.total, "percent": current.percent, "finished": run.finished_at is not None}
        answer["paused"] = run.paused_at is not None
        return JsonResponse(answer, headers={"Cache-Control": "no-store"})

    @button(
        "Pause",
        permission=START,
        icon="pause",
        offered=is_going_on,
        asks=Dialog(
            title="Pause this run?",
            says="The customer being billed now is finished. The others wait until the run is resumed.",
        ),
    )
    def pause(self, request: HttpRequest, run: BillingRun, answers: dict[str, Any]) -> Done:
        pause(run, by=person(request), at=now())
        return Done("Paused.")

    @button(
        "Resume",
        permission=START,
        icon="play_arrow",
        variant=ActionVariant.PRIMARY,
        offered=lambda run: run.paused_at is not None,
        asks=Dialog(title="Resume this run?", says="The workers bill the remaining customers."),
    )
    def resume(self, request: HttpRequest, run: BillingRun, answers: dict[str, Any]) -> Done:
        return Done(f"Resumed with {resume(run, by=person(request)):,} to go.")

    @button(
        "Retry failed",
        permission=START,
        icon="refresh",
        variant=ActionVariant.PRIMARY,
        offered=has_failed_items,
        asks=Dialog(
            title="Retry the failed customers?",
            says="Each one is billed again. What still fails is listed again.",
        ),
    )
    def retry(self, request: HttpRequest, run: BillingRun, answers: dict[str, Any]) -> Done:
        return Done(f"Retrying {retry_failed(run, by=person(request)):,}.")


def _gone_to(request: HttpRequest, address: str) -> HttpResponse:
    """Redirect, from a dialog as well as from a full page."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
