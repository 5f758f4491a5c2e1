"""Price checks as people write them; contradictions are reported by field, and not saved."""

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import differing, record, record_saved
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults
from billing_engine.core.saving import save_changes
from leads.models import Source
from pricing.domain.rule_book.validate import negative
from pricing.models import PriceCheck

CHECK_SAVED = Verb("price_check_saved", "Price check saved")
CHECK_DELETED = Verb("price_check_deleted", "Price check deleted")

NEGATIVE = {
    "quantity": "Quantity can't be negative.",
    "value": "Value can't be negative.",
    "expected": "Price can't be negative.",
}


class CheckHasFaults(HasFaults):
    """A price check that contradicts itself could never pass."""

    code = "price_check_has_faults"


def check_faults(check: PriceCheck) -> list[FieldFault]:
    """Return what is wrong with a price check, by field."""
    found = list(negative(check, NEGATIVE))
    customer = check.customer if check.customer_id else None
    product, source = check.product, check.source
    if customer and product and product.customer_id != customer.pk:
        words = f"{product} belongs to {product.customer}, not to {customer}."
        found.append(FieldFault("product", "other_customer", words))
    if source and check.channel and (its := _other_channels(source, check)):
        words = f"The channel of {source} is “{its}”."
        found.append(FieldFault("channel", "other_channel", words))
    return found


def _other_channels(source: Source, check: PriceCheck) -> str:
    """The source's channel on the check's day, if it is another; without a day, any channel it has had will do."""
    revisions = list(source.revisions.in_force().by_day())
    concerned = revisions if check.occurs_on is None else [source.facts_on(check.occurs_on)]
    if any(each.channel == check.channel for each in concerned):
        return ""
    return concerned[-1].get_channel_display()


@transaction.atomic
def save_check(check: PriceCheck, *, by: User) -> PriceCheck:
    """Save a new or changed price check. Raises CheckHasFaults."""
    if faults := check_faults(check):
        raise CheckHasFaults(faults)
    stored = None if check._state.adding else PriceCheck.objects.select_for_update(of=("self",)).get(pk=check.pk)
    if stored is None:
        check.created_by = by
    save_changes(check, since=stored)
    record_saved(CHECK_SAVED, on=check, stored=stored, by=by, also=[check.customer])
    return check


@transaction.atomic
def remove_check(check: PriceCheck, *, by: User) -> None:
    """Delete a price check; activations no longer run it."""
    _, before = differing(None, check)
    record(CHECK_DELETED, on=check, by=by, before=before, also=[check.customer])
    check.delete()
