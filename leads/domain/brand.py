"""Which company of ours a customer deals with, as its portal and its emails show it."""

from datetime import date

from billing_engine.core.letters.brand import Brand, brand_named, own_brand
from leads.models import Company, Customer


def brand_of(customer: Customer | None) -> Brand:
    """Return the company that bills this customer; before anyone is known, the seller in the settings."""
    return brand_of_seller(customer.terms.on(customer.today).seller, customer.today) if customer else own_brand()


def brand_of_seller(seller: Company | None, day: date) -> Brand:
    """Return the brand of a company with its details of a day; None is the seller in the settings."""
    if seller is None:
        return own_brand()
    details = seller.details_on(day)
    return brand_named(seller.name, email=details.email, address=details.address)
