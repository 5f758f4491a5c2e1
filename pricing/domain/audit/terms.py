"""The terms a period is rated by, kept when it closes, as far as they may still change later.

Prices are not included: PostgreSQL never changes a rule's terms. The set of rules, the instants each one started and
ended for this customer (governments change time zones), the customer's contract and the catalog keep changing; a closed
period keeps the ones it was rated by.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from leads.domain.pseudonyms import with_hidden, without_hidden
from leads.models import BillingPeriod, Customer
from pricing.domain.rate.book.books import books_of
from pricing.domain.rate.carry_over import closed_already
from pricing.domain.rate.inputs import facts_in_force, period_facts
from pricing.models import PeriodTerms, PriceRule
from pricing.rating.instants import Instant
from pricing.rating.values import (
    Catalog,
    CustomerFacts,
    KindId,
    ProductFacts,
    ProductId,
    RuleFacts,
    SourceFacts,
    SourceId,
)


@dataclass(frozen=True, slots=True)
class Terms:
    """All inputs to rating except the actions and what earlier periods carry over."""

    customer: CustomerFacts
    rules: list[RuleFacts]
    catalog: Catalog


def terms_now(period: BillingPeriod) -> Terms:
    """The terms the period would be rated by now."""
    return _terms_of([period])[period.pk]


def keep_terms(periods: Sequence[BillingPeriod]) -> dict[int, Terms]:
    """Keep the periods' current terms and return them; called within their close, when nothing has changed since their
    rating."""
    found, later = _terms_of(periods), closed_already(periods)
    kept = [
        PeriodTerms(
            period=period,
            rules={str(rule.id): [rule.effective_from, rule.effective_to] for rule in found[period.pk].rules},
            customer=_contract(found[period.pk].customer),
            catalog=_plain(found[period.pk].catalog),
            later_closed=later[period.pk],
        )
        for period in periods
    ]
    PeriodTerms.objects.bulk_create(
        kept,
        update_conflicts=True,
        unique_fields=["period"],
        update_fields=["rules", "customer", "catalog", "later_closed"],
    )
    return found


def stored_rules(terms: Iterable[Terms]) -> dict[int, RuleFacts]:
    """Return the rules of all these terms by their number in the database."""
    return {rule.id: rule for each in terms for rule in each.rules if isinstance(rule.id, int)}


def _terms_of(periods: Sequence[BillingPeriod]) -> dict[int, Terms]:
    """The terms each period would be rated by now; of different customers, but read once."""
    books = books_of([period.customer for period in periods])
    return {
        period.pk: Terms(period_facts(period), books[period.customer_id].rules, books[period.customer_id].catalog)
        for period in periods
    }


def _contract(customer: CustomerFacts) -> dict[str, Any]:
    return {
        "contract_start": customer.contract_start,
        "contract_end": customer.contract_end,
        "excluded_domains": without_hidden(customer.excluded_domains),
        "hard_budget": customer.hard_budget,
    }


def kept_terms(period: BillingPeriod) -> Terms | None:
    """The terms the closed period was rated by; None if it was closed before terms were kept."""
    kept = PeriodTerms.objects.filter(period=period).first()
    if kept is None:
        return None
    customer: dict[str, Any] = kept.customer
    domains = with_hidden(customer["excluded_domains"])
    return Terms(
        customer=CustomerFacts(
            **customer | {"id": period.customer_id, "currency": period.customer.currency, "excluded_domains": domains}
        ),
        rules=_rules({int(pk): times for pk, times in kept.rules.items()}, customer=period.customer),
        catalog=_catalog(kept.catalog),
    )


def _rules(times: Mapping[int, tuple[Instant, Instant | None]], *, customer: Customer) -> list[RuleFacts]:
    found = PriceRule.objects.filter(pk__in=times).prefetch_related("tiers").order_by("pk")
    return [_at(facts_in_force(rule, customer.zone), *times[rule.pk]) for rule in found]


def _at(rule: RuleFacts, begin: Instant, end: Instant | None) -> RuleFacts:
    return replace(rule, effective_from=begin, effective_to=end)


def _plain(catalog: Catalog) -> dict[str, dict[str, Any]]:
    """The catalog as JSON: the facts as they were first, and what they became at which instant."""
    return {
        "categories": {str(product.id): product.category for product in catalog.products.values()},
        "channels": {str(source.id): source.channel for source in catalog.sources.values()},
        "billable": {str(kind): is_billable for kind, is_billable in catalog.is_billable.items()},
        "categories_later": {
            str(pk): [[at, product.category] for at, product in later] for pk, later in catalog.products_later.items()
        },
        "channels_later": {
            str(pk): [[at, source.channel] for at, source in later] for pk, later in catalog.sources_later.items()
        },
        "billable_later": {
            str(kind): [[at, is_billable] for at, is_billable in later]
            for kind, later in catalog.is_billable_later.items()
        },
    }


def _catalog(kept: dict[str, dict[str, Any]]) -> Catalog:
    def product(pk: str, category: str) -> ProductFacts:
        return ProductFacts(ProductId(int(pk)), category)

    def source(pk: str, channel: str) -> SourceFacts:
        return SourceFacts(SourceId(int(pk)), channel)

    return Catalog(
        products={ProductId(int(pk)): product(pk, category) for pk, category in kept["categories"].items()},
        sources={SourceId(int(pk)): source(pk, channel) for pk, channel in kept["channels"].items()},
        is_billable={KindId(int(pk)): is_billable for pk, is_billable in kept["billable"].items()},
        products_later={
            ProductId(int(pk)): [(at, product(pk, category)) for at, category in later]
            for pk, later in kept["categories_later"].items()
        },
        sources_later={
            SourceId(int(pk)): [(at, source(pk, channel)) for at, channel in later]
            for pk, later in kept["channels_later"].items()
        },
        is_billable_later={
            KindId(int(pk)): [(at, is_billable) for at, is_billable in later]
            for pk, later in kept["billable_later"].items()
        },
    )
