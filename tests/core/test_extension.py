"""An app extends the page of an app below by naming the place for its own parts."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.extension import Extensible

OUTCOME = column(str, title="outcome")


def page() -> Any:
    class LowerPage(Extensible):
        list_display = ("name", "period", "state")
        fieldsets = ((None, {"fields": ("name", ("period", "state"))}), ("Life", {"fields": ("created",)}))
        actions_detail = ("retry",)
        related = ("customer",)

    return LowerPage


def priced(act: Any) -> Any:
    return act


def void(act: Any) -> Any:
    return act


def test_a_column_stands_behind_the_named_one_and_its_fact_beside_the_named_one() -> None:
    lower = page()

    lower.extend("priced", OUTCOME, after="period", beside="period", related=("charge",))

    assert lower.list_display == ("name", "period", "priced", "state")
    assert lower.fieldsets[0] == (None, {"fields": ("name", ("period", "state", "priced"))})
    assert lower.fieldsets[1] == ("Life", {"fields": ("created",)})
    assert lower.priced is OUTCOME
    assert lower.related == ("customer", "charge")


def test_a_fact_joins_the_only_section_of_a_plain_page() -> None:
    class PlainPage(Extensible):
        fields: Any = ("name", "state")

    PlainPage.extend("priced", OUTCOME, beside="state")

    assert PlainPage.fields == ("name", ("state", "priced"))


def test_a_section_stands_behind_the_named_one() -> None:
    lower = page()

    lower.extend_section("What it costs", {"priced": OUTCOME}, after=None)

    assert [title for title, _ in lower.fieldsets] == [None, "What it costs", "Life"]
    assert lower.fieldsets[1] == ("What it costs", {"fields": ("priced",)})
    assert lower.priced is OUTCOME


def test_an_added_section_is_for_who_may_see_it_and_for_a_row_that_is_there() -> None:
    lower = page()
    lower.extend_section("What it costs", {"priced": OUTCOME}, after=None, needs="pricing.view_charge")
    lower.extend_section("Since when", {"begun": OUTCOME}, after="Life")

    def titles(*permissions: str, row: object) -> list[str | None]:
        user = SimpleNamespace(has_perm=lambda needed: needed in permissions)
        return [title for title, _ in lower.sections_for(user, row)]

    assert titles("pricing.view_charge", row=object()) == [None, "What it costs", "Life", "Since when"]
    assert titles(row=object()) == [None, "Life", "Since when"]
    assert titles("pricing.view_charge", row=None) == [None, "Life"]
    assert lower.facts_added() == ("priced", "begun")


def test_buttons_stand_in_front_of_the_named_one() -> None:
    lower = page()

    lower.extend_buttons(priced, before="retry")

    assert lower.actions_detail == ("priced", "retry")
    assert lower.priced is priced


def test_seldom_buttons_are_in_one_menu_behind_the_others() -> None:
    lower = page()

    lower.extend_more(priced)
    lower.extend_buttons(void, before="retry")

    assert lower.actions_detail == ("void", "retry", {"title": "More", "icon": "more_horiz", "items": ["priced"]})


@pytest.mark.parametrize(
    "extend",
    [
        lambda lower: lower.extend("priced", OUTCOME, after="nothing"),
        lambda lower: lower.extend("priced", OUTCOME, beside="nothing"),
        lambda lower: lower.extend_section("Costs", {"priced": OUTCOME}, after="Nothing"),
        lambda lower: lower.extend_buttons(priced, before="nothing"),
        lambda lower: lower.extend("related", OUTCOME, after="name"),
    ],
)
def test_a_place_that_is_not_there_and_a_name_that_is_taken_are_refused_when_the_program_starts(extend: Any) -> None:
    with pytest.raises(ImproperlyConfigured):
        extend(page())
