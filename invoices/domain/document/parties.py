"""Who sends an invoice and who gets it, as the invoice keeps them from its issue on."""

from typing import Any

from django.conf import settings

from leads.models import Customer


def seller_of(customer: Customer) -> dict[str, Any]:
    """The company that bills this customer: its own, or the one of the settings."""
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
    """The customer's details as an invoice keeps them."""
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
