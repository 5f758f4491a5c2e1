"""Price checks as people write them: what contradicts itself is told by its field, and not stored."""

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.errors import FieldFault, HasFaults
from pricing.domain.rule_book.validate import negative
from pricing.models import PriceCheck

NEGATIVE = {
    "quantity": "A quantity is not negative.",
    "value": "A value is not negative.",
    "expected": "A price is not negative.",
}


class CheckHasFaults(HasFaults):
    """A price check that contradicts itself could never hold."""

    code = "price_check_has_faults"


def check_faults(check: PriceCheck) -> list[FieldFault]:
    """What is wrong with a price check, stored or not, by field."""
    found = list(negative(check, NEGATIVE))
    customer = check.customer if check.customer_id else None
    product, source = check.product, check.source
    if customer and product and product.customer_id != customer.pk:
        words = f"{product} is no product of {customer}, but of {product.customer}."
        found.append(FieldFault("product", "other_customer", words))
    if source and check.channel and source.channel != check.channel:
        words = f"{source} is of the channel “{source.get_channel_display()}”."
        found.append(FieldFault("channel", "other_channel", words))
    return found


@transaction.atomic
def save_check(check: PriceCheck, *, by: User) -> PriceCheck:
    """Store an expectation, new or changed. Raises CheckHasFaults."""
    if faults := check_faults(check):
        raise CheckHasFaults(faults)
    if check._state.adding:
        check.created_by = by
    check.save()
    return check


def remove_check(check: PriceCheck) -> None:
    """Nothing is expected any more: no activation asks it again."""
    check.delete()
