"""Dates, numbers, IDs and text are read in the one format that a mapping names, and exactly."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils.text import slugify
from hypothesis import given
from hypothesis import strategies as st

from leads.domain.mapping.language.dates import DateFormat, check_pattern, fitting_formats, time_reader
from leads.domain.mapping.language.numbers import FORMATS, read_number
from leads.domain.mapping.language.texts import as_code, as_id, as_text, is_wanted
from leads.domain.mapping.language.unreadable import NotConverted

CHICAGO = "America/Chicago"


def read(value: Any, form: str = "iso", *, zone: str = CHICAGO, pattern: str = "") -> str:
    return time_reader(DateFormat(form, pattern, zone))(value)


# --- Times ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "form", "written"),
    [
        ("2026-10-31T17:41:09.1234567-05:00", "iso", "2026-10-31T17:41:09.1234567-05:00"),
        ("2026-10-31 17:41", "iso", "2026-10-31T17:41:00-05:00"),
        ("2026-10-31", "iso", "2026-10-31T00:00:00-05:00"),
        ("2026-10-31T17:41:09+0000", "iso", "2026-10-31T17:41:09Z"),
        ("03/04/2026", "day_first", "2026-04-03T00:00:00-05:00"),
        ("03/04/2026", "month_first", "2026-03-04T00:00:00-06:00"),
        ("31.10.2026 17:41:09.5", "day_first", "2026-10-31T17:41:09.500000-05:00"),
        ("10/31/2026, 5:41 PM", "month_first", "2026-10-31T17:41:00-05:00"),
        ("10/31/2026 12:05 am", "month_first", "2026-10-31T00:05:00-05:00"),
        (1630087926, "epoch_seconds", "2021-08-27T18:12:06Z"),
        ("1630087926.5", "epoch_seconds", "2021-08-27T18:12:06.500000Z"),
        (1564113600000.0, "epoch_milliseconds", "2019-07-26T04:00:00Z"),
        (datetime(2026, 10, 31, 17, 41), "day_first", "2026-10-31T17:41:00-05:00"),  # noqa: DTZ001 -- of a spreadsheet
        (date(2026, 10, 31), "iso", "2026-10-31T00:00:00-05:00"),
        ("2026-11-01 01:30", "iso", "2026-11-01T01:30:00-05:00"),
    ],
)
def test_a_time_is_read_in_its_format_and_zone(value: Any, form: str, written: str):
    assert read(value, form) == written


def test_a_pattern_reads_what_no_other_format_does():
    assert read("31 Oct 26, 5:41 PM", "pattern", pattern="%d %b %y, %I:%M %p") == "2026-10-31T17:41:00-05:00"
    assert check_pattern("%d %b %y, %I:%M %p") == ""
    assert check_pattern("%d.%q.%Y") == "%q is not offered. Use %d, %m, %Y, %H, %M, %S and the others of the guide."
    assert check_pattern("%H:%M") == ("A pattern needs at least a day (%d), a month (%m or %b) and a year (%Y or %y).")


@pytest.mark.parametrize(
    ("value", "form", "words"),
    [
        ("31/12/2026", "month_first", "'31/12/2026' is not a time in the format month first (10/31/2026 5:41 PM)"),
        ("3.4.26", "day_first", "'3.4.26' is not a time in the format day first (31.10.2026 17:41)"),
        ("20261031", "iso", "'20261031' is not a time in the format iso (2026-10-31T17:41:09-05:00)"),
        ("2026-02-30", "iso", "'2026-02-30' is not a time in the format iso (2026-10-31T17:41:09-05:00)"),
        (
            1630087926000,
            "epoch_seconds",
            "'1630087926000' looks like epoch milliseconds, and the format is epoch seconds (1793486469)",
        ),
        (
            "1630087926",
            "epoch_milliseconds",
            "'1630087926' looks like epoch seconds, and the format is epoch milliseconds (1793486469000)",
        ),
        (
            "2026-03-08 02:30",
            "iso",
            "'2026-03-08 02:30' does not exist in America/Chicago, where the clocks were set forward",
        ),
        (True, "epoch_seconds", "'True' is not a time"),
        (["2026-10-31"], "iso", "a list is not a time"),
    ],
)
def test_a_time_in_another_format_is_refused_with_the_value_and_the_format(value: Any, form: str, words: str):
    with pytest.raises(NotConverted) as refused:
        read(value, form)

    assert str(refused.value) == words


def test_a_time_without_offset_needs_a_zone():
    with pytest.raises(NotConverted, match="has no UTC offset, and the mapping names no time zone"):
        read("2026-10-31 17:41", zone="")


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001 -- local times
def test_a_time_is_the_same_in_every_format(at: datetime):
    at = at.replace(microsecond=0)
    instant = at.replace(tzinfo=UTC)
    seconds = int(instant.timestamp())
    written = {
        read(at.isoformat(), zone="UTC"),
        read(f"{at:%d.%m.%Y %H:%M:%S}", "day_first", zone="UTC"),
        read(f"{at:%m/%d/%Y %I:%M:%S %p}", "month_first", zone="UTC"),
        read(seconds, "epoch_seconds"),
        read(str(seconds * 1000), "epoch_milliseconds"),
        read(f"{at:%d %B %Y %H-%M-%S}", "pattern", zone="UTC", pattern="%d %B %Y %H-%M-%S"),
    }

    assert written == {instant.isoformat().replace("+00:00", "Z")}


@pytest.mark.parametrize(
    ("texts", "fitting"),
    [
        (["03/04/2026", "", "05/06/2026"], ["day_first", "month_first"]),
        (["03/04/2026", "31/06/2026", "30/06/2026"], []),
        (["03/04/2026", "30/06/2026"], ["day_first"]),
        (["03/04/2026", "06/30/2026"], ["month_first"]),
        (["2026-04-03"], ["iso"]),
        (["3 April"], []),
        ([], []),
    ],
)
def test_dates_that_fit_two_readings_are_asked_about(texts: list[str], fitting: list[str]):
    assert fitting_formats(texts) == fitting


# --- Numbers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "form", "number"),
    [
        ("1,234.56", "point", Decimal("1234.56")),
        ("1.234,56", "comma", Decimal("1234.56")),
        ("1 234", "comma", 1234),
        ("1.234", "point", Decimal("1.234")),
        ("1.234", "comma", 1234),
        ("0012", "point", 12),
        (0.1, "point", Decimal("0.1")),
        (3.0, "point", 3),
        (Decimal("1.10"), "point", Decimal("1.10")),
    ],
)
def test_a_number_is_read_exactly_in_its_format(value: Any, form: str, number: Any):
    read = read_number(value, form)

    assert (read, type(read)) == (number, type(number))


@pytest.mark.parametrize(
    "value",
    ["1_000", "NaN", "Infinity", "1,5", "1e5", "12,34", "1.234.5", "", "٣", True, [1], float("inf"), Decimal("1E+999")],
)
def test_what_is_no_number_in_the_format_is_refused(value: Any):
    with pytest.raises(NotConverted):
        read_number(value, "point")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12))
def test_a_number_is_the_same_with_a_point_and_with_a_comma(number: Decimal):
    with_point = f"{number:,.2f}"
    with_comma = with_point.translate(str.maketrans(",.", ".,"))

    assert [read_number(with_point, "point"), read_number(with_comma, "comma")] == [number, number]
    assert set(FORMATS) == {"point", "comma"}


# --- IDs and text ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "written"),
    [(100.0, "100"), (17, "17"), (Decimal(5), "5"), ("0012", "0012"), (999_999_999_999_999, "9" * 15)],
)
def test_an_id_from_a_spreadsheet_is_written_without_a_fraction(value: Any, written: str):
    assert as_id(value) == written


@pytest.mark.parametrize("value", [1e15, 10**15, 1.5, True, {"a": 1}, ["x"]])
def test_an_id_whose_digits_may_be_damaged_is_refused(value: Any):
    with pytest.raises(NotConverted):
        as_id(value)


@pytest.mark.parametrize("value", [{"a": 1}, ["x"], 0.5, Decimal("0.5")])
def test_an_object_a_list_or_a_fraction_is_never_written_as_text(value: Any):
    with pytest.raises(NotConverted):
        as_text(value)


@given(st.text())
def test_a_code_is_written_as_django_writes_slugs(text: str):
    assert as_code(text) == slugify(text).replace("-", "_")


@pytest.mark.parametrize(
    "value", ["", " ", "0", "false", "False", "0.00", "0,0", 0, 0.0, Decimal(0), False, None, [], {}]
)
def test_a_condition_that_is_empty_zero_or_false_does_not_hold(value: Any):
    assert not is_wanted(value)


@pytest.mark.parametrize("value", ["x", "1", "no", 1, -1, Decimal("0.5"), True, [0], {"a": None}])
def test_any_other_condition_holds(value: Any):
    assert is_wanted(value)


@given(st.integers(0, 10**9))
def test_seconds_and_milliseconds_are_never_mistaken_for_each_other(seconds: int):
    start = datetime(1975, 1, 1, tzinfo=UTC)
    at = start + timedelta(seconds=seconds)
    with pytest.raises(NotConverted):
        read(int(at.timestamp()) * 1000, "epoch_seconds")
    with pytest.raises(NotConverted):
        read(int(at.timestamp()), "epoch_milliseconds")
