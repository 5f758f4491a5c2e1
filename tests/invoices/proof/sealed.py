"""Bundles for tests: invoices as the product makes them, sealed, and their files changed by hand."""

import io
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.contrib.auth.models import User

from billing_engine.core.calendar.spans import Month
from invoices.domain.proof.seal import content_of, seal
from invoices.domain.proof.verifier.bundle import Key, verify
from invoices.domain.proof.verifier.difference import Report
from invoices.models import Invoice
from tests.factories.leads import ActionTypeFactory, BillingPeriodFactory
from tests.factories.pricing import graduated
from tests.invoices.made import IN_SEPTEMBER, NOVEMBER_3, a_price, an_open_period, billed, issued, received

Files = Mapping[str, bytes]


def bundle_of(invoice: Invoice, *, at: datetime = NOVEMBER_3) -> bytes:
    """The sealed bundle of an issued invoice."""
    proof = seal(invoice, at=at)
    assert proof is not None
    return b"".join(content_of(proof))


def files_of(bundle: bytes) -> dict[str, bytes]:
    with ZipFile(io.BytesIO(bundle)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def packed(files: Files) -> bytes:
    """The files as a bundle, as someone else may pack them."""
    found = io.BytesIO()
    with ZipFile(found, "w", ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    return found.getvalue()


def changed(bundle: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The bundle with one of its files changed."""
    files = files_of(bundle)
    after = change(files[name])
    assert after != files[name]
    return packed(files | {name: after})


def checked(bundle: bytes, *keys: Key) -> Report:
    return verify(io.BytesIO(bundle), keys=keys)


def manifest_of(bundle: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files_of(bundle)["manifest.json"])
    return found


def written(bundle: bytes, folder: Path) -> Path:
    """The bundle as a file."""
    path = folder / "INVOICE-proof.zip"
    path.write_bytes(bundle)
    return path


def october(by: User, **customer: Any) -> Invoice:
    """October with tiers, "once", a cap per lead, late and excluded actions; September carries over into it."""
    quotes, samples = ActionTypeFactory.create(code="quote_request"), ActionTypeFactory.create(code="sample_order")
    a_price("18.005", action_type=quotes, once_days=30, once_per="person")
    graduated((3, "2.505", "0"), (None, "2", "1"), action_type=samples, cap_per_lead=Decimal(24))
    given = {"code": "ACME", "name": "Acme", "tax_rate": 10, "excluded_domains": ["acme.example"]} | customer
    period = an_open_period(**given)
    september = BillingPeriodFactory.create(customer=period.customer, month=Month(2026, 9))
    received(september, 1, kind="quote_request", at=IN_SEPTEMBER)
    received(period, 1, kind="quote_request")
    received(period, 1, kind="quote_request", person_key="+12127365000")
    received(period, 3, 4, "5.5")
    received(period, 2, at=IN_SEPTEMBER)
    received(period, 1, person_key="eve@acme.example")
    received(period, 1, is_test=True)
    issued(billed(september), by)
    return issued(billed(period), by)
