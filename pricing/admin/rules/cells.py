"""How a price rule is shown in its list, and on its page once it is not a draft."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import NOTHING, amount, chip, chips, instant, link, list_of, number, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.calendar.wall_clock import in_words
from pricing.admin.rules.page import state_in_words, time_in_words
from pricing.domain.rate.usage import Use, uses_of
from pricing.domain.rule_wording import limits_in_words, model_in_words, price_in_words, scope_in_words
from pricing.domain.scope.effective import zones_of_each
from pricing.domain.scope.scopes import rank_of
from pricing.models import PriceRule
from pricing.rating.match import DIMENSIONS

DIMENSIONS_OF_A_SCOPE = DIMENSIONS[1:-1]  # between the priority and the start


def _by(at: datetime | None, user: object) -> SafeString:
    return format_html("{}{}", instant(at), f" by {user}" if user else "")


class ShownRule:
    """The columns of the list and the facts on the page."""

    shown_name = column(shortened, "name", title="name", order="name")
    scope = column(lambda rule: chips(scope_in_words(rule) or ["Everything"]), title="scope")
    shown_model = column(PriceRule.get_price_model_display, title="price model")
    whole_price = column(model_in_words, title="price")
    limits = column(chips, limits_in_words, title="limits", empty=NOTHING)
    shown_priority = column(number, "priority", title="priority", order="priority")
    starts = column(time_in_words, title="from", order="wall_from")
    ends = column(in_words, "wall_to", title="until", order="wall_to", empty="no end")
    drafted = column(_by, "created_at", "created_by", title="drafted")
    activated = column(_by, "activated_at", "activated_by", title="activated")
    retired = column(_by, "retired_at", "retired_by", title="retired")
    shown_revises = column(link, "revises", title="revises")

    def prepare(self, rows: list[Any]) -> None:
        """Add their charges and their customers' time zones, each read in one query."""
        uses, zones = uses_of([rule.pk for rule in rows]), zones_of_each(rows)
        for rule in rows:
            rule.use, rule.zones = uses.get(rule.pk), zones[rule.pk]

    @admin.display(description="state", ordering="state")
    def state_chip(self, rule: PriceRule) -> SafeString:
        return chip(*state_in_words(rule, at=now(), zones=getattr(rule, "zones", None)))

    @admin.display(description="price", ordering="price_model")
    def shown_price(self, rule: PriceRule) -> SafeString:
        words = price_in_words(rule)
        model = format_html('<span class="rule-model">{}</span>', rule.get_price_model_display())
        return format_html('<span class="rule-price" title="{}">{}</span>{}', words, words, model)

    @admin.display(description="rank", ordering="priority")
    def shown_rank(self, rule: PriceRule) -> SafeString:
        """The priority, then a dot for each dimension, filled if the rule fixes it: read from the left, this is how two
        rules compare.
        """
        fixed = rank_of(rule)[1:-1]
        names = [name for name, is_fixed in zip(DIMENSIONS_OF_A_SCOPE, fixed, strict=True) if is_fixed]
        return format_html(
            '<span class="rule-rank" title="{}"><span>{}</span> <span aria-hidden="true">{}</span></span>',
            f"Priority {rule.priority}; fixes {', '.join(names) or 'nothing'}",
            rule.priority,
            "".join("●" if is_fixed else "○" for is_fixed in fixed),
        )

    @admin.display(description="used by")
    def used(self, rule: Any) -> SafeString | str:
        """The number of its charges and their sum; counted within minutes of a rating."""
        use: Use | None = rule.use
        if use is None:
            return amount(NOTHING)
        worth = money.in_words(use.amount, rule.currency)
        charges = f"{use.charges:,} charge{'s' if use.charges != 1 else ''}"
        return format_html(
            '<a class="rule-used" href="{}"><b>{}</b><span>{}</span></a>',
            list_of("pricing.charge", rule__id__exact=rule.pk),
            worth,
            charges,
        )

    @admin.display(description="used by")
    def shown_use(self, rule: PriceRule) -> SafeString | str:
        use = uses_of([rule.pk]).get(rule.pk)
        if use is None:
            return "no charges yet"
        return (
            f"{use.charges:,} charge{'s' if use.charges != 1 else ''} worth {money.in_words(use.amount, rule.currency)}"
        )

    @admin.display(description="in force", ordering="wall_from")
    def in_force(self, rule: PriceRule) -> SafeString:
        """The state, and below it from when until when."""
        days = f"from {in_words(rule.wall_from)}" + (f" until {in_words(rule.wall_to)}" if rule.wall_to else "")
        return format_html('<span class="rule-when">{}<span>{}</span></span>', self.state_chip(rule), days)
