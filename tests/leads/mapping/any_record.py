"""Any record and any mapping, for property tests."""

from hypothesis import strategies as st

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

# Records and mappings of which about half can be stored, by a source that knows TILE and sample_order.
NOT_JSON = st.floats(allow_nan=False, allow_infinity=False)
CELLS = st.none() | st.booleans() | st.integers() | NOT_JSON | st.text("aä1.\x00 ", max_size=6) | st.just({"b": [1]})
NEAR_RECORDS = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["L-1", "L-2", "L-3", 3]) | CELLS,
        "a": st.sampled_from(["A-1", "A-2", "A-3", 1]) | CELLS,
        "b": st.sampled_from([None, "", "canceled"]) | CELLS,
        "at": st.sampled_from(["05.10.2026 10:00", "06/10/2026", "06/10/2026", "2026-10-07T10:00:00Z"]) | CELLS,
        "parts": st.none() | st.lists(st.fixed_dictionaries({"id": st.sampled_from(["P-1", "P-2"])}), max_size=3),
    },
)


def _among(*given: object) -> st.SearchStrategy[object]:
    return st.sampled_from(given)


DAY_FIRST = {"from": "at", "date": "day_first"}
SOME_FIELDS = {
    "product.sku": _among({"constant": "TILE"}, {"constant": "TILE"}, {"constant": "NEW"}, "a"),
    "product.name": _among("b"),
    "contact.email": _among("b", {"from": "id", "values": {"L-1": "a@b.example"}, "else": "keep"}),
    "attributes.x": _among("b", "at", {"from": "a", "text": "slug"}),
    "consent.x": _among("b"),
    "occurred_at": _among(DAY_FIRST, {"constant": "2026-10-05T09:00:00Z"}),
    "is_test": _among(
        {"constant": True}, "b", {"from": "b", "values": {"canceled": False}, "else": "default", "default": False}
    ),
    "channel": _among("b"),
}
STORED_ACTION = st.fixed_dictionaries(
    {
        "fields": st.fixed_dictionaries(
            {
                "id": _among("a", "a", {"constant": "1"}),
                "type": _among({"constant": "sample_order"}, {"constant": "sample_order"}, "b"),
                "occurred_at": _among(DAY_FIRST, {"constant": "2026-10-05T10:00:00Z"}),
            },
            optional={"quantity": _among("a", {"constant": "2.5"}), "value": _among("a"), "attributes.y": _among("at")},
        )
    },
    optional={"when": _among("a", "b", "!b")},
)
VOIDS = st.fixed_dictionaries({"when": st.just("b"), "fields": st.just({"id": "a", "void.reason": "b"})})
OF_PARTS = st.just(
    {
        "each": "parts",
        "fields": {
            "id": "item.id",
            "type": {"constant": "sample_order"},
            "occurred_at": {"from": "record.at", "date": "day_first"},
        },
    }
)
NEAR_DOCUMENTS = st.fixed_dictionaries(
    {
        "fields": st.fixed_dictionaries({"id": st.just("id")}, optional=SOME_FIELDS),
        "zone": _among("America/Chicago"),
        "actions": st.lists(STORED_ACTION | VOIDS | OF_PARTS, max_size=3),
    },
    optional={"when": _among("id", "a")},
)
