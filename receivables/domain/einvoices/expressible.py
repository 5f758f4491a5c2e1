"""Why an invoice cannot be expressed in EN 16931, said before it is issued."""

from collections.abc import Iterator, Sequence

from billing_engine.core import money
from receivables.domain.einvoices.facts import REVERSE_CHARGE, STANDARD, Electronic, Party

MOST_PLACES = 2  # of an amount in the norm
SENDS = "This customer gets electronic invoices. "


def why_not(one: Electronic) -> str:
    """Return one sentence for each thing that is missing or that the norm does not have; "" if nothing is."""
    faults = [*_of_parties(one), *_of_amounts(one), *_of_taxes(one)]
    return SENDS + " ".join(faults) if faults else ""


def refusals(found: Sequence[Electronic]) -> dict[int, str]:
    """Return why some of the invoices cannot be expressed, by invoice id."""
    return {one.invoice.pk: words for one in found if (words := why_not(one))}


def _of_parties(one: Electronic) -> Iterator[str]:
    yield from _of_party(one.seller, "seller's", "in the company's details")
    yield from _of_party(one.buyer, "customer's", "in the customer's details for the invoice")
    if not one.seller.vat_country:
        yield "Enter the seller's VAT number with its country, such as DE123456789, as the tax ID in the company's details."
    is_reverse = any(one.rate_of(line).category == REVERSE_CHARGE for line in one.lines)
    if is_reverse and not one.buyer.vat_country:
        yield "Reverse charge needs the customer's VAT number with its country as the tax ID."


def _of_party(party: Party, whose: str, where: str) -> Iterator[str]:
    if not party.name:
        yield f"Enter the {whose} name {where}."
    if not party.country:
        yield f"End the {whose} address {where} with a line for the country."


def _of_amounts(one: Electronic) -> Iterator[str]:
    currency = one.invoice.currency
    if money.places(currency) > MOST_PLACES:
        yield f"Amounts in {currency} have {money.places(currency)} decimal places; electronic invoices have two at most."
    if one.invoice.credit > 0:
        yield "Its sum is below zero, which an electronic invoice cannot say. Credit the customer another way."
    if not one.lines:
        yield "It has no line."


def _of_taxes(one: Electronic) -> Iterator[str]:
    if one.seller.country == "US" and one.rates:
        yield "US sales tax is not a VAT, so an electronic invoice cannot say it."
        return
    if any(len(line.taxes) > 1 for line in one.lines):
        yield "A line has two taxes; an electronic invoice has one VAT rate a line."
        return
    if any(not line.taxes for line in one.lines) and not one.exemption:
        yield "A line has no tax. Enter why the customer is exempt, or a tax of 0%."
    for rate, (base, tax) in one.taxes().items():
        if rate.category == STANDARD and tax != money.rounded(base * rate.percent / 100, one.invoice.currency):
            yield f"Two taxes of {rate.percent.normalize():f}% were rounded one by one; an electronic invoice rounds once."
