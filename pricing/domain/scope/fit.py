"""Whether a rule can match anything: contradictions in its scope, and scope values that nothing has yet."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import DateField, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.db.models.lookups import Exact

from billing_engine.core.calendar.spans import Month
from billing_engine.core.errors import FieldFault
from billing_engine.core.validation import close_to
from leads.models import (
    Action,
    BillingPeriod,
    CatalogRevision,
    Channel,
    Customer,
    Product,
    ProductRevision,
    SourceRevision,
)
from leads.models.revision import fact_on
from pricing.domain.scope.effective import customers_of
from pricing.domain.scope.scopes import FIXES, facts_within
from pricing.models import PriceRule

COUNTED_AT_MOST = 10_000  # of last month's actions: the page does not wait for an exact count


def contradictions(rule: PriceRule) -> list[FieldFault]:
    """Contradictions in the rule's scope: no action could ever match, so such a rule is not saved."""
    return [*_of_product(rule), *_of_source(rule), *_of_currency(rule)]


def unmatched(rule: PriceRule) -> list[str]:
    """Scope values that nothing has yet, as sentences: the rule prices nothing until something does."""
    return [*_no_customer(rule), *_no_category(rule), *_no_sender(rule)]


def matches_last_month(rule: PriceRule, *, at: datetime) -> int:
    """Count the actions of last month's billing periods in its scope, up to a limit, regardless of what prices them."""
    found = _actions_of_last_month(rule, at)
    for name, column in (("product_id", "lead__product"), ("source_id", "lead__source"), ("action_type_id", None)):
        if value := getattr(rule, name):
            found = found.filter(**{column or name: value})
    if rule.category:
        found = found.filter(had("category", rule.category, ProductRevision, of="lead__product"))
    if rule.channel:
        found = found.filter(had("channel", rule.channel, SourceRevision, of="lead__source"))
    return found[: COUNTED_AT_MOST + 1].count()


@dataclass(frozen=True, slots=True)
class LastMonth:
    """The kinds of actions of last month, read once for many rules."""

    kinds: list[dict[str, Any]]

    @classmethod
    def read(cls, *, at: datetime) -> "LastMonth":
        """All customers' kinds of actions."""
        periods = BillingPeriod.objects.filter(label__in=_last_month(at).labels)
        columns = {
            "customer_id": F("period__customer"),
            "currency": F("period__customer__currency"),
            "product_id": F("lead__product"),
            "source_id": F("lead__source"),
        }
        found = Action.objects.filter(period__in=periods).annotate(**columns).values(*columns, "action_type_id")
        categories, channels = _values(ProductRevision, "category"), _values(SourceRevision, "channel")
        return cls(
            [
                kind | {"category": category, "channel": channel}
                for kind in found.distinct()
                for category in categories[kind["product_id"]]
                for channel in channels[kind["source_id"]]
            ]
        )

    def has_none_for(self, rule: PriceRule) -> bool:
        """Whether its customers had actions last month, but it matches none of them."""
        scope = {name: getattr(rule, name) for name in FIXES if getattr(rule, name)}
        owner = rule.customer_id or (rule.product and rule.product.customer_id)
        theirs = [
            kind for kind in self.kinds if kind["currency"] == rule.currency and owner in (None, kind["customer_id"])
        ]
        return bool(theirs) and not any(all(kind[name] == it for name, it in scope.items()) for kind in theirs)


def had(fact: str, value: str, revisions: type[CatalogRevision], *, of: str) -> Q:
    """The actions whose product or source had this fact on their own day; only subjects that changed are looked at closely."""
    theirs = revisions.objects.in_force()
    other = theirs.exclude(**{fact: value}).values(revisions.SUBJECT)
    always = theirs.filter(**{fact: value}).exclude(**{f"{revisions.SUBJECT}__in": other}).values(revisions.SUBJECT)
    sometimes = theirs.filter(**{fact: value}, **{f"{revisions.SUBJECT}__in": other}).values(revisions.SUBJECT)
    zone = OuterRef("period__customer__time_zone")
    day = Cast(Func(zone, OuterRef("occurred_at"), function="timezone"), DateField())
    on_its_day = Exact(fact_on(revisions, fact, day, of=of), Value(value))
    return Q(**{f"{of}__in": always}) | (Q(**{f"{of}__in": sometimes}) & Q(on_its_day))


def _values(revisions: type[CatalogRevision], fact: str) -> dict[int, set[str]]:
    """Every value that a fact has had, by subject."""
    found = defaultdict[int, set[str]](set)
    for of, value in revisions.objects.in_force().values_list(revisions.SUBJECT, fact):
        found[of].add(value)
    return found


def matches_in_words(rule: PriceRule, *, at: datetime) -> str:
    """`It matches 1,204 actions of last month.`"""
    count = matches_last_month(rule, at=at)
    if count > COUNTED_AT_MOST:
        return f"It matches more than {COUNTED_AT_MOST:,} actions of last month."
    return f"It matches {count:,} action{'' if count == 1 else 's'} of last month."


def matches_nothing_of_much(rule: PriceRule, *, at: datetime) -> bool:
    """Whether its customers had actions last month, but it matches none of them."""
    return _actions_of_last_month(rule, at).exists() and matches_last_month(rule, at=at) == 0


def _actions_of_last_month(rule: PriceRule, at: datetime) -> QuerySet[Action]:
    periods = BillingPeriod.objects.filter(customer__in=customers_of(rule), label__in=_last_month(at).labels)
    return Action.objects.filter(period__in=periods)


def _last_month(at: datetime) -> Month:
    return Month.of_day(at.date()).previous()


def _of_product(rule: PriceRule) -> Iterator[FieldFault]:
    product, customer = rule.product, rule.customer
    if product is None:
        return
    if customer and product.customer_id != customer.pk:
        yield FieldFault("product", "other_customer", f"{product} belongs to {product.customer}, not to {customer}.")
    if rule.category and rule.category not in facts_within(rule, product.revisions.all(), "category"):
        category = product.facts_on(rule.wall_from.date()).category
        its = f"is in the category “{category}”" if category else "has no category"
        yield FieldFault("category", "other_category", f"{product} {its}: this rule would price nothing.")


def _of_source(rule: PriceRule) -> Iterator[FieldFault]:
    source = rule.source
    if source and rule.channel and rule.channel not in facts_within(rule, source.revisions.all(), "channel"):
        channel = source.facts_on(rule.wall_from.date()).get_channel_display()
        words = f"The channel of {source} is “{channel}”: this rule would price nothing."
        yield FieldFault("channel", "other_channel", words)


def _of_currency(rule: PriceRule) -> Iterator[FieldFault]:
    customer = rule.customer or (rule.product.customer if rule.product else None)
    if customer and rule.currency and rule.currency != customer.currency:
        words = f"{customer} is billed in {customer.currency}: this rule would price nothing."
        yield FieldFault("currency", "other_currency", words)


def _no_customer(rule: PriceRule) -> Iterator[str]:
    is_for_all = rule.customer is None and rule.product is None
    if is_for_all and not customers_of(rule).exists() and Customer.objects.exists():
        yield f"No customer is billed in {rule.currency}"


def _no_category(rule: PriceRule) -> Iterator[str]:
    """None of its customers' products is in the category; perhaps it is spelled differently."""
    if not rule.category or rule.product is not None:
        return
    theirs = ProductRevision.objects.in_force().filter(product__customer__in=customers_of(rule))
    if theirs.filter(category=rule.category).exists():
        return
    whose = f" of {rule.customer}" if rule.customer else ""
    words = f"No product{whose} is in the category “{rule.category}”"
    meant = close_to(rule.category, categories(theirs))
    if meant:
        names = " or ".join(f"“{name}”" for name in meant)
        yield f"{words}. Did you mean {names}?"
    elif other := _in_category(rule.category):
        yield f"{words}: those of {other.product.customer} are"
    elif Product.objects.exists():  # before the first product, any category is fine
        yield f"{words} yet"


def _in_category(category: str) -> ProductRevision | None:
    found = ProductRevision.objects.in_force().filter(category=category)
    return found.select_related("product__customer").order_by("product").first()


def _no_sender(rule: PriceRule) -> Iterator[str]:
    source = rule.source
    if source is not None:
        if not source.is_active:
            yield f"{source} is inactive and sends nothing"
    elif rule.channel and not _sends(rule.channel):
        yield f"No active source has the channel “{Channel(rule.channel).label}”"


def _sends(channel: str) -> bool:
    """Whether an active source has, or will have, this channel."""
    return SourceRevision.objects.in_force().filter(channel=channel, source__is_active=True).exists()


def categories(revisions: QuerySet[ProductRevision] | None = None) -> list[str]:
    """The existing categories, of these products or of all, sorted."""
    found = ProductRevision.objects.in_force() if revisions is None else revisions
    return list(found.exclude(category="").order_by("category").values_list("category", flat=True).distinct())
