"""How the search finds price rules."""

from collections.abc import Iterator
from functools import partial

from billing_engine.core.admin_kit.cells import page_of
from billing_engine.core.admin_kit.search import Found, finds, list_named
from pricing.domain.rule_wording import price_in_words
from pricing.models import PriceRule


@finds("Price rules", place=5, permission="pricing.view_pricerule", every=partial(list_named, "pricing.pricerule"))
def _rules(term: str, at_most: int) -> Iterator[Found]:
    """By any part of the name; rules in force first, later ones before earlier ones."""
    named = PriceRule.objects.filter(name__icontains=term).select_related("customer").prefetch_related("tiers")
    for rule in named.order_by("state", "-wall_from", "-pk")[:at_most]:
        details = (
            rule.get_state_display(),
            str(rule.customer) if rule.customer else "All customers",
            price_in_words(rule),
        )
        yield Found(rule.name, " · ".join(details), page_of("pricing.pricerule", rule.pk))
