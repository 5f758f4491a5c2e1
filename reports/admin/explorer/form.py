"""The explorer's form: it shows a question, and what a person chose in it becomes the question's address."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.http import QueryDict
from unfold.contrib.filters.forms import AutocompleteDropdownForm

from billing_engine.core.validation import key_of
from leads.models import ActionType, Channel, Customer, Product, Source
from pricing.models import PriceRule
from reports.domain.question.days import BETWEEN, NAMED
from reports.domain.question.dimensions import DIMENSIONS, OUTCOMES, TIMES
from reports.domain.question.measures import MEASURES, Measure
from reports.domain.question.question import MOST_GROUPS, PARTS, Question
from reports.queries.explore.asked.scope import Scope

# What is picked from many rows, each with how a filter names a row; the picker searches on the server.
PICKED: Mapping[str, tuple[Any, str]] = {
    "customer": (Customer, "code"),
    "product": (Product, "pk"),
    "source": (Source, "code"),
    "action_type": (ActionType, "code"),
}
CHECKED = {"channel": dict(Channel.choices), "outcome": OUTCOMES}
WRITTEN = {"category": "Such as Flooring; - for none", "period": "Such as 2026-10 or 2026-W43"}
CUSTOM = "custom"
MOST_PICKED = 200


class Pickers(forms.Form):
    """Fields for the rows of a filter, with those chosen."""

    class Media(AutocompleteDropdownForm.Media):
        pass

    def __init__(self, scope: Scope | None) -> None:
        super().__init__(prefix="pick")
        for name, (model, _) in PICKED.items():
            widget = AutocompleteSelectMultiple(
                PriceRule._meta.get_field(name), admin.site, attrs={"class": "unfold-filter-autocomplete"}
            )
            chosen = scope.chosen.get(name, ()) if scope else ()
            field = forms.ModelMultipleChoiceField(model.objects.all(), required=False, widget=widget, initial=chosen)
            field.label = DIMENSIONS[name].name
            self.fields[name] = field


def question_of(form: QueryDict) -> Question:
    """The question that a sent form asks; raises BadQuestion."""
    parts: dict[str, Sequence[str]] = {name: form.getlist(name) for name in (*PARTS, *CHECKED, *WRITTEN, "rule")}
    if form.get("days") == CUSTOM:
        parts["days"] = [f"{form.get('first', '')}{BETWEEN}{form.get('last', '')}"]
    for name, (model, value) in PICKED.items():
        keys = [key for text in form.getlist(f"pick-{name}") if (key := key_of(text)) is not None]
        found = model.objects.filter(pk__in=keys[: MOST_PICKED + 1]).order_by("pk").values_list(value, flat=True)
        parts[name] = [str(each) for each in found]
    return Question.read(parts)


def choices_of(question: Question, scope: Scope | None) -> dict[str, Any]:
    """What the template draws the form from."""
    groups = [*question.group, *[""] * (MOST_GROUPS - len(question.group))]
    first, last = scope.reach if scope else ("", "")
    return {
        "pickers": Pickers(scope),
        "measures": _measures(question),
        "groups": [[(each.code, each.name, each.code == chosen) for each in DIMENSIONS.values()] for chosen in groups],
        "columns": [(each.code, each.name, each.code == question.columns) for each in TIMES.values()],
        "named_days": [(code, words, code == question.days.named) for code, (words, _) in NAMED.items()],
        "is_custom": not question.days.named,
        "first": first,
        "last": last,
        "checked": [
            (DIMENSIONS[name], [(code, words, code in question.chosen(name)) for code, words in options.items()])
            for name, options in CHECKED.items()
        ],
        "written": [(DIMENSIONS[name], hint, ", ".join(question.chosen(name))) for name, hint in WRITTEN.items()],
        "rules": question.chosen("rule"),
        "sort": question.sort,
    }


def _measures(question: Question) -> list[tuple[Measure, bool]]:
    """Those shown come first, in their order: the browser sends them as they stand, and the first one is charted."""
    others = [each for each in MEASURES.values() if each.code not in question.show]
    return [*((each, True) for each in question.measures), *((each, False) for each in others)]
