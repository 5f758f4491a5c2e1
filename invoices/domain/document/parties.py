"""The seller and the customer, as an invoice stores them when it is issued."""

from typing import Any

from django.conf import settings

from leads.models import Customer


def seller_of(customer: Customer) -> dict[str, Any]:
    """Return the details of the company that bills this customer: the customer's seller, or the one in the settings."""
    company = customer.seller
    if company is None:
        return {"code": "", **settings.SELLER}
    return {
        "code": company.code,
        "name": company.name,
        "address": company.address,
        "tax_id": company.tax_id,
        "email": company.email,
        "pay_to": company.pay_to,
        "detail_url": settings.SELLER.get("detail_url", ""),
        "number_prefix": company.number_prefix,
        "number_digits": company.number_digits,
    }


def bill_to(customer: Customer) -> dict[str, Any]:
    """Return the customer's details as an invoice stores them."""
    return {
        "name": customer.legal_name or customer.name,
        "code": customer.code,
        "address": customer.address,
        "tax_id": customer.tax_id,
        "purchase_order": customer.purchase_order,
        "contacts": list(customer.billing_contacts),
        "time_zone": customer.time_zone,
        "payment_terms_days": customer.payment_terms_days,
        "dispute_days": customer.dispute_days,
        "locale": customer.locale,
        "detail_annex": customer.detail_annex,
    }
