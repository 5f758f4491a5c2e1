"""Any record with any mapping gives leads or says why not: never an error, and the same every time."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from leads.domain.faults import Malformed
from leads.domain.mapping.language.converter import CODES, Converter
from leads.domain.mapping.language.document import Document
from leads.domain.mapping.language.read import DocumentNotValid, Mistake, read_document

NAMES = ("a", "b", "id", "at")
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text(max_size=8)
    | st.sampled_from(["31.10.2026", "10/31/2026", "2026-10-31T00:00:00Z", "1,5", "1630087926", "0"])
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=10,
)
RECORDS = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4)

EXPRESSIONS = st.sampled_from(
    [
        *(*NAMES, "a.b", "a[0]", "a[].b", "item.id", "item", "record.a", "@", "a[?b].id | [0]", "a > b", "a == `1`"),
        *("join('-', [a, b])", "sort(a)", "max_by(a, &b)", "length(a)", "keys(@)", "contains(a, b)", "not_null(a, b)"),
    ]
)
FORMATS = st.sampled_from(
    [{}]
    + [{"date": form} for form in ("iso", "day_first", "month_first", "epoch_seconds", "epoch_milliseconds")]
    + [{"number": "point"}, {"number": "comma"}, {"text": "slug"}]
    + [{"values": {"0": "1", "a": "x"}, "else": how} for how in ("refuse", "keep")]
)
FIELD = st.builds(lambda source, form: {"from": source} | form, EXPRESSIONS, FORMATS)
SOME = ("channel", "is_test", "occurred_at", "product.sku", "contact.email", "attributes.x")
ACTION = st.fixed_dictionaries(
    {"fields": st.fixed_dictionaries({"id": FIELD, "type": FIELD, "occurred_at": FIELD}, optional={"quantity": FIELD})},
    optional={"when": EXPRESSIONS, "each": EXPRESSIONS},
)
DOCUMENTS = st.fixed_dictionaries(
    {
        "fields": st.fixed_dictionaries({"id": FIELD}, optional=dict.fromkeys(SOME, FIELD)),
        "zone": st.just("Europe/Rome"),
    },
    optional={"when": EXPRESSIONS, "leads_from": EXPRESSIONS, "actions": st.lists(ACTION, max_size=2)},
)


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
