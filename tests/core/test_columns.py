"""Declared columns: where the value comes from, how it is shown, and its title."""

from types import SimpleNamespace as Row
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist

from billing_engine.core.admin_kit.columns import column


class WithoutTally:
    """A row without a row on the other side of a one-to-one relation."""

    @property
    def tally(self) -> Any:
        raise ObjectDoesNotExist


def test_a_column_shows_the_value_at_the_end_of_its_path() -> None:
    shown = column(str.upper, "period.customer.name", title="customer")

    assert shown(Row(period=Row(customer=Row(name="Acme")))) == "ACME"


def test_several_sources_are_handed_on_in_their_order() -> None:
    shown = column("{} in {}".format, "at", lambda row: row.zones[0], title="occurred")

    assert shown(Row(at="noon", zones=["EDT"])) == "noon in EDT"


def test_a_column_without_a_source_shows_the_row_itself() -> None:
    assert column(repr, title="row")("a row") == "'a row'"


@pytest.mark.parametrize("row", [Row(tally=None), WithoutTally()])
def test_behind_a_missing_relation_there_is_nothing(row: Any) -> None:
    assert column(str, "tally.rated_at", title="rated", empty="not yet")(row) == "not yet"
    assert column(str, "tally.rated_at", title="rated")(row) == "None"


@pytest.mark.parametrize(("value", "words"), [(None, "–"), ("", "–"), ([], "–"), ({}, "–"), (0, "0"), (False, "False")])
def test_what_has_nothing_in_it_is_shown_as_empty_but_a_zero_is_a_value(value: object, words: str) -> None:
    assert column(str, "value", title="value", empty="–")(Row(value=value)) == words


def test_django_finds_a_columns_name_and_the_field_it_is_sorted_by() -> None:
    sorted_by = column(str, "name", title="customer", order="customer__name")
    unsorted = column(str, "name", title="customer")

    assert (sorted_by.short_description, sorted_by.admin_order_field) == ("customer", "customer__name")
    assert unsorted.admin_order_field is None


def test_a_misspelled_path_is_told_and_not_shown_as_nothing() -> None:
    with pytest.raises(AttributeError):
        column(str, "customer.nmae", title="customer", empty="–")(Row(customer=Row(name="Acme")))
