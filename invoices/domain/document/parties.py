"""The seller and the customer, as an invoice stores them when it is issued.

Most terms are those of the first day of the billing period. Names, addresses, contacts and bank details are those of the day
of issue: a letter goes to where the customer is now, and the money to the account that is open now.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.conf import settings

from invoices.models import Invoice

# What `seller_of` and `bill_to` read, for lists of invoices.
SELLERS = "period__customer__terms__seller__details"


def day_of_paper(invoice: Invoice) -> date:
    """Return the day of issue; for a draft it is today."""
    return invoice.issued_on or invoice.period.customer.today


def seller_of(invoice: Invoice, *, on: date) -> dict[str, Any]:
    """Return the details of the company that sends this invoice: the customer's seller, or the one in the settings."""
    company = invoice.period.customer_terms.seller
    if company is None:
        return {"code": "", **settings.SELLER}
    details = company.details_on(on)
    return {
        "code": company.code,
        "name": company.name,
        "address": details.address,
        "tax_id": details.tax_id,
        "email": details.email,
        "pay_to": details.pay_to,
        "detail_url": settings.SELLER.get("detail_url", ""),
        "number_prefix": company.number_prefix,
        "number_digits": company.number_digits,
    }


def bill_to(invoice: Invoice, *, on: date, windows: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Return the customer's details as an invoice stores them.

    `windows` are the books' `dispute_windows`, read once for many invoices and only by who keeps or prints them.
    """
    period = invoice.period
    customer, billed, addressed = period.customer, period.customer_terms, period.customer.terms.on(on)
    return {
        "name": addressed.legal_name or customer.name,
        "code": customer.code,
        "address": addressed.address,
        "tax_id": addressed.tax_id,
        "purchase_order": addressed.purchase_order,
        "contacts": list(addressed.billing_contacts),
        "time_zone": customer.time_zone,
        "payment_terms_days": billed.payment_terms_days,
        "dispute_days": billed.dispute_days,
        "locale": billed.locale,
        "detail_annex": billed.detail_annex,
        "electronic_invoice": addressed.electronic_invoice,
        **_shorter(windows, billed.dispute_days),
    }


def _shorter(windows: Iterable[Mapping[str, Any]], days: int) -> dict[str, Any]:
    """The reasons for disputes whose window is shorter than the customer's own, if there are any."""
    shorter = [dict(each) for each in windows if each["days"] < days]
    return {"dispute_windows": shorter} if shorter else {}
