"""Admin pages of simulations: choose drafts and months, follow the progress, see the results, download CSV."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import address_of, amount, instant, list_of, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from billing_engine.core.calendar.spans import Month
from billing_engine.core.errors import Refused
from billing_engine.core.tables.csv import csv_response
from pricing.admin.simulation_cells import differences, state_chip
from pricing.admin.simulations.form import SimulationForm
from pricing.admin.simulations.go_live import GoLive
from pricing.admin.simulations.page import HEADER, cells, simulation_page
from pricing.domain.simulation.figures import failures_of, progress, totals_of
from pricing.domain.simulation.simulate import start, stop
from pricing.models import Simulation

START = "pricing.add_simulation"


def is_in_progress(simulation: Simulation) -> bool:
    return simulation.finished_at is None and simulation.stopped_at is None


@admin.register(Simulation)
class SimulationAdmin(GoLive, ReadOnlyPage[Simulation]):
    list_display = ("shown_what", "shown_months", "state", "difference", "created", "created_by")
    list_display_links = ("shown_what",)
    related = ("created_by",)
    ordering = ("-pk",)
    actions_list: Any = ("new_simulation",)
    actions_detail: Any = ("activate_drafts", "request_drafts", "stop_simulation")

    shown_months = column(", ".join, "months", title="months")
    state = column(lambda simulation: state_chip(simulation, failed=simulation.failed), title="state")
    created = column(instant, "created_at", title="created", order="created_at")

    class Media:
        css = {"all": ["pricing/rules.css", "pricing/simulation.css"]}
        js = ["pricing/simulation.js"]

    def prepare(self, rows: list[Any]) -> None:
        """Add their results, read in two queries."""
        found = {simulation.pk: simulation for simulation in rows}
        failed, sums = failures_of(found), totals_of(found)
        for pk, simulation in found.items():
            simulation.failed, simulation.totals = failed.get(pk, 0), sums.get(pk, [])

    @admin.display(description="drafts")
    def shown_what(self, simulation: Simulation) -> SafeString | str:
        tried = [name for _, name, _ in simulation.draft_snapshots] + [name for _, name in simulation.proposals]
        names = ", ".join(tried)
        return shortened(names or "The rules in force, again")

    @admin.display(description="difference")
    def difference(self, simulation: Any) -> SafeString | str:
        """Per currency; partial while in progress."""
        return amount(differences(simulation.totals))

    def has_start_permission(self, request: HttpRequest) -> bool:
        """Whether this user may run simulations."""
        return request.user.has_perm(START)

    def _new_simulation(self, request: HttpRequest) -> HttpResponse:
        first = {
            "drafts": request.GET.get("drafts", "").split(","),
            "months": [str(_last_month())],
            "from_the_start": True,
        }
        form = SimulationForm(request.POST if request.method == "POST" else None, initial=first)
        if request.method == "POST" and form.is_valid():
            try:
                simulation = start(**form.cleaned_data, by=person(request), at=now())
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                return HttpResponseRedirect(address_of(simulation))
        page = {"opts": self.opts, "title": "New simulation", "form": form, "back": list_of("pricing.simulation")}
        return render(request, "pricing/new_simulation.html", {**self.admin_site.each_context(request), **page})

    new_simulation: Any = action(
        _new_simulation,
        permissions=["start"],
        description="New simulation",
        icon="science",
        variant=ActionVariant.PRIMARY,
        url_path="new",
    )

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:simulation_id>/progress/", wrap(self.progress), name="pricing_simulation_progress"),
            path("<int:simulation_id>/csv/", wrap(self.csv), name="pricing_simulation_csv"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return simulation_page(self, request, self.visible(request, object_id))

    @needs("pricing.view_simulation")
    def progress(self, request: HttpRequest, simulation_id: int) -> JsonResponse:
        """The progress, polled by the page every two seconds."""
        simulation = get_object_or_404(Simulation, pk=simulation_id)
        at = progress(simulation)
        facts = {"percent": at.percent, "rated": at.rated, "settled": at.settled, "customers": at.customers}
        is_finished = simulation.finished_at is not None
        return JsonResponse({**facts, "finished": is_finished}, headers={"Cache-Control": "no-store"})

    @needs("pricing.view_simulation")
    def csv(self, request: HttpRequest, simulation_id: int) -> StreamingHttpResponse:
        """All rows of the simulation."""
        simulation = get_object_or_404(Simulation, pk=simulation_id)
        return csv_response(f"simulation-{simulation.pk}.csv", HEADER, cells(simulation))

    @button(
        "Stop",
        permission=START,
        icon="stop_circle",
        offered=is_in_progress,
        asks=Dialog(title="Stop this simulation?", says="Results so far are kept. It can't be resumed."),
    )
    def stop_simulation(self, request: HttpRequest, simulation: Simulation, answers: dict[str, Any]) -> Done:
        stop(simulation, by=person(request), at=now())
        return Done("It stops within seconds.")


def _last_month() -> Month:
    """The month that users usually want to see first."""
    return Month.containing(now(), ZoneInfo("UTC")).previous()
