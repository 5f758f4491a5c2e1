"""Decide many disputes: words, a dry run that says what happens to each, then the decisions."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminTextareaWidget

from billing_engine.core.admin_kit.cells import list_of
from billing_engine.core.admin_kit.dialogs import person
from receivables.domain.disputes.bulk import decide_all, dry_run
from receivables.models import Dispute

AT_ONCE = 500
ACTIONS = {Dispute.State.ACCEPTED: ("Accept", "accept_chosen"), Dispute.State.REJECTED: ("Reject", "reject_chosen")}


class WordsForAll(forms.Form):
    """The words that every customer reads."""

    words = forms.CharField(
        label="What each customer reads", max_length=500, widget=UnfoldAdminTextareaWidget({"rows": 3})
    )


def decide_many(
    page: Any, request: HttpRequest, rows: QuerySet[Dispute], verdict: Dispute.State
) -> HttpResponse | None:
    """Ask for the words, show the dry run, then decide."""
    disputes = list(rows.order_by("decide_by", "pk")[: AT_ONCE + 1])
    if len(disputes) > AT_ONCE:
        messages.error(request, f"Choose at most {AT_ONCE} disputes.")
        return None
    verb, action = ACTIONS[verdict]
    form = WordsForAll(request.POST if "words" in request.POST else None)
    planned = []
    if form.is_valid():
        words, by = form.cleaned_data["words"], person(request)
        if "confirmed" in request.POST:
            done = decide_all(disputes, verdict=verdict, words=words, by=by, at=now())
            _tell(request, done)
            return None
        planned = dry_run(disputes, verdict=verdict, words=words, by=by)
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": f"{verb} {len(disputes):,} dispute{'' if len(disputes) == 1 else 's'}",
        "verb": verb,
        "action": action,
        "form": form,
        "planned": planned,
        "will": sum(not each.refused for each in planned),
        "disputes": disputes,
        "checkbox": ACTION_CHECKBOX_NAME,
        "back": list_of("receivables.dispute"),
    }
    return render(request, "receivables/disputes_bulk.html", context)


def _tell(request: HttpRequest, done: list[Any]) -> None:
    for each in done:
        if each.refused:
            messages.error(request, f"{each.dispute}: {each.refused}")
    if count := sum(not each.refused for each in done):
        messages.success(request, f"Decided, or sent to a second person: {count}")
