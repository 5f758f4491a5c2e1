"""What the pages of products, sources and action types share: facts in force now, from a day on, and in the past."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db.models import OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import now
from unfold.contrib.filters.admin import DropdownFilter
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from billing_engine.core.admin_kit.cells import NOTHING, chip, link_to, page_of, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.pages import Page, ReadOnlyRows, Row
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.models import ApprovalRequest
from leads.domain.catalog.facts import REVISIONS, write_facts
from leads.domain.catalog.second_person import check_no_change_waits
from leads.domain.catalog.wording import in_words, label
from leads.models import CatalogRevision, Subject
from leads.models.revision import BEGINNING, fact_on

State = ApprovalRequest.State


class ChangeOfFacts(forms.Form):
    """Facts from a first day on; a subclass adds a field for each fact."""

    first_day = forms.DateField(
        label="From",
        widget=UnfoldAdminTextInputWidget({"type": "date"}),
        help_text="In each customer’s time zone. If there are actions since that day, another person must approve.",
    )
    reason = forms.CharField(
        max_length=500,
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 2}),
        help_text="Required if there are actions since that day.",
    )


def facts_of(subject: Subject) -> CatalogRevision:
    """Return the facts in force now."""
    return subject.facts_on(now().date())


def first_values(subject: Subject) -> dict[str, Any]:
    """Return what the form starts with: the facts of now, from tomorrow on, when there is nothing to price again."""
    facts = facts_of(subject)
    return {name: getattr(facts, name) for name in facts.FACTS} | {"first_day": now().date() + timedelta(days=1)}


def change_button(label: str, *, permission: str, form: type[ChangeOfFacts]) -> Callable[..., HttpResponse]:
    """Return the button that writes a revision of the facts."""

    @button(
        label,
        permission=permission,
        icon="edit_calendar",
        guard=lambda subject, _: check_no_change_waits(subject),
        asks=Dialog(title=lambda subject: f"{label} of {subject}", submit="Save", form=form, first=first_values),
    )
    def change_facts(_: Any, request: HttpRequest, subject: Any, answers: dict[str, Any]) -> Done:
        first_day, reason = answers.pop("first_day"), answers.pop("reason")
        written = write_facts(
            subject, changes=answers, first_day=first_day, reason=reason, by=person(request), at=now()
        )
        if written.in_force_at:
            return Done(f"In force from {day_in_words(first_day)}.")
        words = "There are actions since that day. Approval was requested, and until then nothing changes."
        return Done(words, level=messages.WARNING)

    return change_facts


class FactsPage(Page[Row]):
    """A page whose subject has facts; a new one gets its first facts with the form, a known one by a button."""

    new_form: ClassVar[type[forms.ModelForm[Any]]]
    new_fieldsets: Any = None
    fact_rows: ClassVar[type["FactRows"]]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Row]:
        """Each row with its facts of today."""
        revisions = REVISIONS[self.model]
        today = now().date()
        return (
            super()
            .get_queryset(request)
            .annotate(**{name: fact_on(revisions, name, today) for name in revisions.FACTS})
        )

    def get_form(self, request: HttpRequest, obj: Row | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001 -- Django's
        """The form of a new subject also asks for its facts."""
        return super().get_form(request, obj, change, **({} if obj else {"form": self.new_form}) | kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Row | None = None) -> Any:
        return super().get_fieldsets(request, obj) if obj else self.new_fieldsets

    def get_inlines(self, request: HttpRequest, obj: Row | None) -> Any:
        return (self.fact_rows, *self.inlines) if obj else ()

    def first_facts(self, form: Any) -> dict[str, Any] | None:
        """Return the facts that a new subject's form gives."""
        names = REVISIONS[self.model].FACTS
        return {name: form.cleaned_data[name] for name in names if name in form.cleaned_data} or None


def standing(revision: Any) -> SafeString:
    """Whether the facts are in force now, planned, past, or not in force; with a link to a waiting request."""
    if revision.waits and revision.request_state == State.WAITING:
        return link_to(page_of("core.approvalrequest", revision.request), chip("Waiting for approval", "orange"))
    if revision.in_force_at is None:
        return chip("Sent back" if revision.request_state == State.SENT_BACK else "Withdrawn")
    if revision.first_day > now().date():
        return chip("Planned", "blue")
    return chip("In force now", "green") if revision.pk == revision.newest else chip("Past")


def changed(revision: Any) -> SafeString:
    """Each fact that differs from the revision before; all facts of the first one."""
    lines = [
        _line(revision, name) for name in revision.FACTS if getattr(revision, f"was_{name}") != getattr(revision, name)
    ]
    return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines))


def _line(revision: Any, name: str) -> str:
    was, its = getattr(revision, f"was_{name}"), getattr(revision, name)
    before = "" if was is None else f"{in_words(type(revision), name, was)} → "
    return f"{label(type(revision), name)}: {before}{in_words(type(revision), name, its)}"


class FactRows(ReadOnlyRows):
    """The facts of a subject, latest first."""

    fields = ("begins", "state", "shown", "why", "author", "approver")
    related = ("written_by",)
    ordering = ("-first_day", "-pk")
    verbose_name_plural = "facts"

    begins = column(lambda day: "The beginning" if day == BEGINNING else day_in_words(day), "first_day", title="from")
    state = column(standing, title="state")
    shown = column(changed, title="facts")
    why = column(shortened, "reason", title="reason", empty=NOTHING)
    author = column(str, "written_by", title="written by", empty=NOTHING)
    approver = column(str, "approved_by", title="approved by", empty=NOTHING)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Each row with the facts before it, its request for approval, and which one is in force now."""
        model: Any = self.model
        named = Concat(Value(f"{model._meta.label_lower}:"), Cast(OuterRef("pk"), TextField()))
        asked = ApprovalRequest.objects.filter(subject=named).order_by("-pk")
        theirs = model.objects.in_force().filter(**{model.SUBJECT: OuterRef(model.SUBJECT)}).exclude(pk=OuterRef("pk"))
        when = Coalesce(OuterRef("in_force_at"), Value(datetime.max.replace(tzinfo=UTC)))
        day = OuterRef("first_day")
        earlier = theirs.filter(Q(first_day__lt=day) | Q(first_day=day, in_force_at__lt=when))
        before = earlier.order_by("-first_day", "-in_force_at", "-pk")
        started = model.objects.in_force().filter(
            **{model.SUBJECT: OuterRef(model.SUBJECT)}, first_day__lte=now().date()
        )
        return (
            super()
            .get_queryset(request)
            .annotate(
                **{f"was_{name}": Subquery(before.values(name)[:1]) for name in model.FACTS},
                request=Subquery(asked.values("pk")[:1]),
                request_state=Subquery(asked.values("state")[:1]),
                approved_by=Subquery(asked.filter(state=State.APPROVED).values("decided_by__username")[:1]),
                newest=Subquery(started.order_by("-first_day", "-in_force_at", "-pk").values("pk")[:1]),
            )
        )


class FactFilter(DropdownFilter):
    """Filters subjects by a fact of today."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return self.offered()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.value()
        if wanted not in dict(self.offered()):
            return queryset
        return queryset.filter(**{self.parameter_name: wanted})

    @staticmethod
    def offered() -> list[tuple[str, str]]:
        """The values to choose from."""
        raise NotImplementedError
