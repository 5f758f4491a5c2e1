"""The prices in force for the customer on a day, and those announced."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing_engine.core.api.filters import BadFilter, asked_day, day_filter
from billing_engine.core.api.problem_examples import problems
from leads.models import ProductRevision
from portal.api.view import CustomerView
from portal.pages.prices import concerns, price_of, scope_of
from pricing.domain.audit.explain_to_buyer import span_of
from pricing.domain.rule_wording import limits_in_words
from pricing.models import PriceRule
from reports.queries.prices.price_list import price_list

YEARS_AHEAD = 2


class PriceSerializer(serializers.Serializer[Any]):
    """A price in words."""

    action_type = serializers.CharField(allow_null=True, help_text="Null: every kind of action.")
    scope = serializers.CharField(help_text="What it is for: products and sources.")
    price = serializers.CharField()
    limits = serializers.ListField(child=serializers.CharField())
    from_day = serializers.DateField()


class PriceInForceSerializer(PriceSerializer):
    """A price in force on the day, with the one that follows it."""

    next_price = serializers.CharField(allow_null=True)
    next_from_day = serializers.DateField(allow_null=True)


class PricesSerializer(serializers.Serializer[Any]):
    """Your prices on a day."""

    day = serializers.DateField()
    time_zone = serializers.CharField()
    currency = serializers.CharField()
    in_force = PriceInForceSerializer(many=True, help_text="In the order in which they are preferred.")
    announced = PriceSerializer(many=True, help_text="Those that start after today, the next one first.")


class CustomerPrices(CustomerView):
    """The prices."""

    @extend_schema(
        operation_id="customer_prices",
        tags=["Customer"],
        summary="List your prices on a day",
        description="In the words that charge. By default today.",
        parameters=[day_filter("day", "The day, in your time zone.")],
        responses={200: PricesSerializer, **problems(400, 401, 403, 406, 429, 503)},
    )
    def get(self, request: Request) -> Response:
        customer = self.key.customer
        today = customer.today
        day = asked_day(request, "day") or today
        if day < customer.billed_from or day.year > today.year + YEARS_AHEAD:
            said = f"day must be from {customer.billed_from} on, and at most {YEARS_AHEAD} years ahead."
            raise BadFilter(said, parameter="day")
        found, span = price_list(customer, day), span_of(customer)
        known = ProductRevision.objects.filter(product__customer=customer, in_force_at__isnull=False)
        categories = set(known.values_list("category", flat=True))
        in_force = [
            _price(each.rule, span) | _next(each.followed_by, span)
            for each in found.in_force
            if not each.never_wins and concerns(each.rule, customer, categories)
        ]
        announced = [
            _price(rule, span)
            for rule in found.announced
            if rule.wall_from.date() > today and concerns(rule, customer, categories)
        ]
        about = {"day": day, "time_zone": customer.time_zone, "currency": customer.currency}
        return Response(about | {"in_force": in_force, "announced": announced})


def _price(rule: PriceRule, span: str) -> dict[str, Any]:
    return {
        "action_type": rule.action_type.name if rule.action_type else None,
        "scope": scope_of(rule),
        "price": price_of(rule, span),
        "limits": list(limits_in_words(rule)),
        "from_day": rule.wall_from.date(),
    }


def _next(rule: PriceRule | None, span: str) -> dict[str, Any]:
    return {
        "next_price": price_of(rule, span) if rule else None,
        "next_from_day": rule.wall_from.date() if rule else None,
    }
