"""A mapping in a real browser: proposed from a pasted table, completed by clicks on the sample, tried, saved, revised."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from leads.models import MappingRevision, SourceMapping
from tests.e2e.conftest import log_in
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# prose: E-mail -- how a sender names a column
TABLE = "Badge;E-mail;SKU;Kind;Met\n1001;ann@studio.example;TILE;Web Visit;03/04/2026\n1002;;TILE;Web Visit;05/04/2026"

WRITTEN = {
    "zone": "America/Chicago",
    "fields": {
        "id": {"from": "Badge"},
        "product.sku": {"from": "SKU"},
        "contact.email": {"from": '"E-mail"'},
        "attributes.mail": {"from": '"E-mail"'},
    },
    "actions": [
        {
            "fields": {
                "id": {"constant": "1"},
                "type": {"from": "Kind", "text": "slug"},
                "occurred_at": {"from": "Met", "date": "day_first"},
            }
        }
    ],
}


def saved() -> list[Any]:
    return list(MappingRevision.objects.order_by("number").values_list("number", "document", "reason"))


def test_a_mapping_is_proposed_completed_by_clicks_and_revised(page: Page, people: dict[str, User]) -> None:
    ActionTypeFactory.create(code="web_visit")
    ProductFactory.create(sku="TILE")
    source = SourceFactory.create(code="fair", name="Spring fair")
    log_in(page, "operations")
    page.goto("/admin/leads/sourcemapping/add/")
    page.locator("[name=source]").evaluate(
        f"each => {{ each.append(new Option('Spring fair', '{source.pk}', true, true)); }}"
    )
    page.locator("[name=name]").fill("Badges")
    page.get_by_label("Sample records").fill(TABLE)
    page.get_by_role("button", name="Propose by column names").click()
    expect(page.get_by_role("status").first).to_contain_text("fit day first and month first. Ask the sender")
    action = page.locator("[data-block=action]")
    expect(page.locator("[data-block=lead] .mapping-row", has_text="ann@studio.example")).to_contain_text(
        "found in 1 of 2"
    )

    # A place is picked by a click and quoted; the date format is chosen.
    page.get_by_role("button", name="Add a field").first.click()
    row = page.locator("[data-block=lead] .mapping-row").last
    row.get_by_label("Field", exact=True).fill("attributes.mail")
    row.locator("[data-part=given]").click()
    # prose: E-mail -- as above
    page.get_by_role("button", name="E-mail ann@studio.example").click()
    expect(row.locator("[data-part=given]")).to_have_value('"E-mail"')
    kind, met = (action.locator(f".mapping-row:has([title={name}])") for name in ("type", "occurred_at"))
    for line, choice in ((kind, "text:slug"), (met, "date:day_first")):
        line.get_by_role("button", name="Options").click()
        line.locator("[data-part=format]").select_option(choice)
    page.locator("[data-block=lead] .mapping-settings [data-part=zone]").fill("America/Chicago")
    expect(page.locator("[data-result]")).to_contain_text("2 would be stored")
    expect(page.locator("[data-result]")).to_contain_text('"2026-04-03T00:00:00-05:00"')
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Badges", exact=True)).to_be_visible()
    first = saved()[0][1]
    assert first == WRITTEN

    page.goto(f"/admin/leads/sourcemapping/{SourceMapping.objects.get().pk}/change/")
    page.locator("[data-block=lead] .mapping-row").last.get_by_title("Remove this field").click()
    page.get_by_label("What you changed, and why").fill("The address is in the contact")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Badges", exact=True)).to_be_visible()
    del first["fields"]["attributes.mail"]
    assert saved()[1] == (2, first, "The address is in the contact")
