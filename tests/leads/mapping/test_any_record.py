"""Any record with any mapping gives leads or says why not: never an error, and the same every time."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from leads.domain.faults import Malformed
from leads.domain.mapping.language.converter import CODES, Converter
from leads.domain.mapping.language.document import Document
from leads.domain.mapping.language.read import DocumentNotValid, Mistake, read_document
from tests.leads.mapping.any_record import DOCUMENTS, LEAVES, RECORDS


def read(content: Any) -> Document | list[Mistake]:
    try:
        return read_document(content)
    except DocumentNotValid as error:
        return error.mistakes


@settings(max_examples=400, deadline=None)
@given(DOCUMENTS, st.lists(RECORDS, min_size=1, max_size=3))
def test_any_record_with_any_mapping_gives_leads_or_says_why_not(
    content: dict[str, Any], records: list[dict[str, Any]]
):
    document = read(content)
    if not isinstance(document, Document):
        return
    before = repr(records)
    placed = [each for record in records for each in Converter([document]).convert(record, place="/1")]
    again = [each for record in records for each in Converter([document]).convert(record, place="/1")]

    assert (repr(again), repr(records)) == (repr(placed), before)
    assert len(placed) >= len(records)
    for each in placed:
        assert each.item.fault.code in CODES if isinstance(each.item, Malformed) else each.item["id"]


@settings(max_examples=300, deadline=None)
@given(DOCUMENTS)
def test_any_document_is_read_or_refused_with_the_places_of_its_mistakes(content: dict[str, Any]):
    document = read(content)

    if isinstance(document, Document):
        assert set(document.identity().columns()) <= set(document.columns())
    else:
        assert all(pointer == "" or pointer.startswith("/") for pointer, _ in document)


@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=6), inner), max_leaves=12))
def test_what_is_no_document_at_all_is_refused(content: Any):
    assert isinstance(read({"fields": content, "actions": content}), list)
