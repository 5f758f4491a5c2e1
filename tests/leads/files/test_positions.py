"""An import that stopped goes on after the last part it stored, and the parts are the same as without a stop."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.domain.files.lines import FileNotReadable
from leads.domain.files.parts import LeadsFile, Part
from leads.domain.files.reading import BEGINNING, Position
from leads.domain.mapping.language.converter import Converter
from tests.leads.files.converters import by_columns
from tests.leads.files.workbooks import of_rows

COLUMNS = by_columns("Id", "Note")


def parts_of(path: Path, converter: Converter | None, start: Position = BEGINNING) -> list[Part]:
    return list(LeadsFile(path, converter, start=start, at_a_time=2).parts())


def same_from_every_position(path: Path, converter: Converter | None) -> list[Part]:
    """Stop after each part, and go on from its position."""
    whole = parts_of(path, converter)
    for place, part in enumerate(whole, start=1):
        assert parts_of(path, converter, part.position) == whole[place:]
    return whole


fields = st.text(st.sampled_from('ab1",\n é'), max_size=6)
dirt = st.lists(st.text(st.sampled_from('ab,"\n\r é'), max_size=12), max_size=6)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    records=st.lists(st.tuples(fields, fields), max_size=8),
    stray=dirt,
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_a_table_goes_on_after_every_part(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[str, ...]], stray: list[str], encoding: str
):
    path = tmp_path_factory.mktemp("table") / "x"
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows([("Id", "Note"), *records])
    path.write_bytes((written.getvalue() + "\n".join(stray)).encode(encoding))

    same_from_every_position(path, COLUMNS)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(lines=st.lists(st.sampled_from(['{"Id": 1, "Note": "é"}', "", "{broken", "[1]", '{"Id": {}}']), max_size=9))
def test_ndjson_goes_on_after_every_part(tmp_path_factory: pytest.TempPathFactory, lines: list[str]):
    path = tmp_path_factory.mktemp("lines") / "x"
    path.write_text("\n".join(['{"Id": 0, "Note": ""}', *lines]))

    same_from_every_position(path, COLUMNS)


json_texts = st.lists(
    st.sampled_from(['{"Id":1,"Note":"[,\\"{"}', '{"Id":[1,{}]}', " 7", '"a,b"', "", "{broken", "tru", "\n"]),
    max_size=8,
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(texts=json_texts, ending=st.sampled_from(["]", "", "] ,[1,2]", "]\n"]))
def test_a_json_list_goes_on_after_every_part(tmp_path_factory: pytest.TempPathFactory, texts: list[str], ending: str):
    path = tmp_path_factory.mktemp("list") / "x"
    path.write_text('[{"Id":0,"Note":""},' + ",".join(texts) + ending)

    same_from_every_position(path, COLUMNS)


def test_a_workbook_and_an_envelope_go_on_after_every_part(tmp_path: Path):
    sheet = of_rows(tmp_path / "x.xlsx", [["Id", "Note"], ["1"], [], ["2", 'a "b"'], [3], ["", "c"]])
    envelope = tmp_path / "x.json"
    envelope.write_text(json.dumps({"leads": [{"Id": number, "Note": ""} for number in range(5)]}))

    rows = same_from_every_position(sheet, COLUMNS)
    leads = same_from_every_position(envelope, COLUMNS)

    assert [part.body for part in rows] == [b'Id,Note\n1\n\n2,"a ""b"""\n', b"Id,Note\n3\n,c\n"]
    assert [len(part.items) for part in leads] == [2, 2, 1]


# --- JSON lists -------------------------------------------------------------------------------------------


def test_the_items_of_a_list_keep_their_text_and_a_broken_one_affects_no_other(tmp_path: Path):
    path = tmp_path / "x.json"
    path.write_bytes(b'\xef\xbb\xbf [ {"id": 1.50} ,{"id": "\xe9"}, {"id": 1, "id": 2},\n{"id": 3]}, {"id": 4}] more')

    [part] = LeadsFile(path, None).parts()

    assert part.body == b'[ {"id": 1.50} ,{"id": "\xe9"}, {"id": 1, "id": 2},\n{"id": 3]}, {"id": 4}, more]'
    assert [placed.pointer for placed in part.items] == ["/0", "/1", "/2", "/3", "/4", "/5"]
    faults = [getattr(getattr(placed.item, "fault", None), "code", "") for placed in part.items]
    assert faults == ["", "item_malformed", "duplicate_member", "row_malformed", "", "row_malformed"]


@settings(max_examples=60)
@given(
    items=st.lists(
        st.recursive(
            st.none() | st.integers() | st.text(st.sampled_from('ab,"[]{}\\é\n')),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
            max_leaves=8,
        ),
        max_size=6,
    ),
    indent=st.sampled_from([None, 2]),
)
def test_a_list_has_the_items_that_were_written(
    tmp_path_factory: pytest.TempPathFactory, items: list[Any], indent: int | None
):
    path = tmp_path_factory.mktemp("list") / "x.json"
    path.write_text(json.dumps(items, ensure_ascii=False, indent=indent))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("leads.domain.files.json_items.CHUNK", 7)  # an item may begin and end anywhere

        found = [placed.item for part in LeadsFile(path, None).parts() for placed in part.items]

    assert found == items


def test_an_item_without_an_end_is_refused_before_it_fills_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "x.json"
    path.write_text('[{"id": 1}, {"id": "' + 5_000_000 * "x")
    monkeypatch.setattr("leads.domain.limits.BYTES", 2_000_000)

    with pytest.raises(FileNotReadable, match=r"The item at byte 11 exceeds the limit of 2,000,000 bytes, or is never"):
        parts_of(path, None)
