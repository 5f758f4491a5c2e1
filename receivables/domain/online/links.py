"""Links at which customers pay online: one for each set of invoices, with a random address that never changes."""

import hashlib
from collections.abc import Collection
from secrets import token_urlsafe

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from invoices.models import Invoice
from receivables.domain.online.provider import is_on
from receivables.models import LedgerDocument, PaymentLink

BYTES = 32
Kind = LedgerDocument.Kind


def pay_address(documents: Collection[LedgerDocument]) -> str:
    """Return the full address at which these invoices of one customer, seller and currency are paid; "" if that is off."""
    return address_of_link(link_of(documents)) if is_on() and documents else ""


def pay_address_of_invoice(invoice: Invoice) -> str:
    """Return the full address at which an invoice is paid; "" if that is off, or nothing was ever owed on it."""
    if not is_on():
        return ""
    return pay_address(
        LedgerDocument.objects.filter(invoice=invoice, kind=Kind.INVOICE, side=LedgerDocument.Side.DEBIT)
    )


def address_of_link(link: PaymentLink) -> str:
    """Return the full address of a link."""
    return str(settings.ONLINE_PAYMENTS["site"]) + reverse("pay", args=[link.token])


@transaction.atomic
def link_of(documents: Collection[LedgerDocument]) -> PaymentLink:
    """Return the link of these documents: always the same, made when it is first asked for."""
    keys = sorted({each.pk for each in documents})
    key = hashlib.sha256(",".join(map(str, keys)).encode()).hexdigest()
    if found := PaymentLink.objects.filter(documents_key=key).first():
        return found
    first = next(iter(documents))
    link, is_new = PaymentLink.objects.get_or_create(
        documents_key=key,
        defaults={
            "token": token_urlsafe(BYTES),
            "customer_id": first.customer_id,
            "seller_id": first.seller_id,
            "currency": first.currency,
        },
    )
    if is_new:
        link.documents.add(*keys)
    return link
