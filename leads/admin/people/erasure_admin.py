"""The pages of erasures: what was asked, its progress, and what is deferred."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.enums import ActionVariant

from billing_engine.core.admin_kit.cells import NOTHING, chip, code, instant, link, number, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.menu import in_menu, list_item
from billing_engine.core.admin_kit.pages import FollowedPage
from billing_engine.core.calendar.wording import day_in_words
from leads.domain.people.erase import resume_erasure, stop_erasure
from leads.models import Erasure

CHANGE = "leads.change_erasure"


def is_running(erasure: Erasure) -> bool:
    """Return whether workers have it, or will have."""
    return erasure.finished_at is None and erasure.stopped_at is None and erasure.held_until is None


def is_stopped(erasure: Erasure) -> bool:
    """Return whether a person stopped it."""
    return erasure.finished_at is None and erasure.stopped_at is not None


def state_of(erasure: Erasure) -> SafeString:
    """Return its state as a chip."""
    if erasure.finished_at:
        return chip("Finished, some failed", "red") if erasure.failed else chip("Finished", "green")
    if erasure.held_until:
        return chip(f"Deferred until {day_in_words(erasure.held_until)}", "orange")
    return chip("Stopped", "orange") if erasure.stopped_at else chip(f"{erasure.percent}%", "blue")


@admin.register(Erasure)
class ErasureAdmin(FollowedPage[Erasure]):
    change_form_template = "leads/people/erasure.html"
    nothing_yet = "No person's data was erased yet. Find a person first, or set retention on a source."
    list_display = ("shown_what", "asked", "shown_reason", "shown_by", "shown_state", "shown_leads", "shown_bodies")
    list_filter = ("kind",)
    related = ("asked_by", "source")
    ordering = ("-pk",)
    actions_detail = ("stop", "resume")
    fields = (("kind", "shown_source"), ("asked", "shown_by"), "shown_reason", ("shown_pseudonyms",), "finished")

    shown_what = column(str, "kind_in_words", title="what")
    asked = column(instant, "asked_at", title="asked", order="asked_at")
    shown_by = column(str, "asked_by", title="by", empty="the engine")
    shown_reason = column(shortened, "reason", title="reason")
    shown_source = column(link, "source", title="source", empty=NOTHING)
    shown_pseudonyms = column(lambda each: code(", ".join(each)), "pseudonyms", title="pseudonym", empty=NOTHING)
    shown_state = column(state_of, title="state")
    shown_leads = column(number, "leads", title="leads")
    shown_bodies = column(number, "bodies", title="raw bodies")
    finished = column(instant, "finished_at", title="finished", empty=NOTHING)

    def is_busy(self, row: Erasure) -> bool:
        return is_running(row)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        erasure: Erasure = kwargs["obj"]
        context["held_until"] = day_in_words(erasure.held_until) if erasure.held_until else ""
        context["is_of_person"] = erasure.kind == Erasure.Kind.PERSON
        return super().render_change_form(request, context, *args, **kwargs)

    @button(
        "Stop",
        permission=CHANGE,
        icon="pause",
        offered=is_running,
        asks=Dialog(
            title="Stop this erasure?", says="What is cleared stays cleared. The rest waits until it is resumed."
        ),
    )
    def stop(self, request: HttpRequest, erasure: Erasure, answers: dict[str, Any]) -> Done:
        stop_erasure(erasure, by=person(request), at=now())
        return Done("Stopped.")

    @button(
        "Resume",
        permission=CHANGE,
        icon="play_arrow",
        variant=ActionVariant.PRIMARY,
        offered=is_stopped,
        asks=Dialog(title="Resume this erasure?", says="The workers go on where it was stopped."),
    )
    def resume(self, request: HttpRequest, erasure: Erasure, answers: dict[str, Any]) -> Done:
        resume_erasure(erasure, by=person(request))
        return Done("Resumed.")


in_menu("Leads", 41, list_item("Erasures", "person_off", "leads.erasure"))
