"""Finance follows a line to the delivery of an action and sends the invoice, in a real browser."""

import json
import re

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect

from invoices.models import InvoiceMail
from leads.domain.intake.receive import receive
from leads.models import BillingPeriod
from tests.e2e.conftest import log_in
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory
from tests.invoices.made import IN_OCTOBER, NOVEMBER_3, a_price, billed, issued, posted
from tests.invoices.post import opened

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_from_the_invoice_to_the_raw_delivery_and_out_by_mail(
    page: Page, people: dict[str, User], settings: LazySettings
) -> None:
    a_price("0.335", name="Samples")
    ProductFactory.create(sku="TILE-9", name="Terrazzo", customer__code="ACME")
    ActionTypeFactory.create(code="sample_order", name="Sample order")
    actions = [{"id": f"A-{n}", "type": "sample_order", "occurred_at": IN_OCTOBER.isoformat()} for n in range(3)]
    lead = {"id": "L-7", "product": {"sku": "TILE-9", "customer": "ACME"}, "actions": actions}
    body = json.dumps(lead).encode()
    receive(source=SourceFactory.create(), body=body, content_type="application/json", received_at=IN_OCTOBER)
    invoice = issued(billed(BillingPeriod.objects.get()), people["finance"])

    log_in(page, "finance")
    page.goto(reverse("admin:invoices_invoice_change", args=[invoice.pk]))
    page.locator(".paper").get_by_role("link", name="Terrazzo").click()
    expect(page.get_by_role("row", name="Whole line 3 3 sample $1.005 $1.01")).to_be_visible()
    page.locator(".detail-why").first.click()
    dialog = page.locator("#modal-content #dialog")
    expect(dialog).to_contain_text("Priced by “Samples”")
    dialog.get_by_role("link", name="The delivery as received").click()
    expect(page).to_have_url(re.compile(r"/admin/leads/delivery/\d+/change/"))
    expect(page.locator("body")).not_to_contain_text("L-7")  # only operations see raw bodies

    page.goto(reverse("admin:invoices_invoice_change", args=[invoice.pk]))
    page.locator("a[href$='/send/']").first.click()
    form = page.locator("#modal-content #dialog form")
    form.locator("[name=to]").fill("books@acme.example")
    form.get_by_role("button", name="Send").click()
    expect(page.locator(".invoice-side")).to_contain_text("Waiting")
    with opened() as (office, port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        posted(InvoiceMail.objects.get(), at=NOVEMBER_3)
    assert [message["To"] for message in office.arrived] == ["books@acme.example"]
    page.reload()
    expect(page.locator(".invoice-side")).to_contain_text("Sent")
