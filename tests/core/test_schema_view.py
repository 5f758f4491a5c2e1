"""The OpenAPI document is made once per process, and not sent again to those who have it."""

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

ADDRESS = "/api/schema/"


@pytest.mark.parametrize("kind", ["application/json", "application/vnd.oai.openapi"])
def test_the_document_is_made_once_and_not_sent_again(
    client: Client, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    first = client.get(ADDRESS, headers={"Accept": kind})
    monkeypatch.delattr(SchemaGenerator, "get_schema")

    again = client.get(ADDRESS, headers={"Accept": kind})
    known = client.get(ADDRESS, headers={"Accept": kind, "If-None-Match": first["ETag"]})

    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert again["Content-Type"].startswith(kind)
    assert (known.status_code, known.content, known["ETag"]) == (304, b"", first["ETag"])
