"""Tell a customer's people by email that their soft budget is reached, once for each period and step."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from billing_engine.core.letters.parts import Button, Part, Sentences, facts
from billing_engine.core.money import in_words
from leads.domain.memberships.addresses import portal_address
from leads.models import BillingPeriod, EmailTopic
from receivables.domain.topic_emails.sending import Composed, tell
from receivables.models import TopicEmail
from reports.domain.alerts.budget import STEPS, budget_of
from reports.domain.alerts.finding import Finding


def tell_customer(finding: Finding, *, at: datetime) -> None:
    """Request the emails of a finding about a budget; no step after a higher one of the same period."""
    percent = next((step for step, event in STEPS.items() if event == finding.event), None)
    if percent is None:
        return
    period = BillingPeriod.objects.select_related("customer").get(pk=str(finding.facts["period"]))
    same = TopicEmail.objects.filter(topic=EmailTopic.BUDGET, about=period.pk)
    if not same.filter(percent__gte=percent).exists():
        tell(period.customer, EmailTopic.BUDGET, about=period.pk, percent=percent, at=at)


def composed(mail: TopicEmail) -> Composed | None:
    """Write the email; None if the period closed, or its charges are below the step again."""
    period = BillingPeriod.objects.select_related("customer", "tally").get(pk=mail.about)
    budget, amount = budget_of(period), period.tally.amount
    used = Fraction(amount) * 100 / budget if budget else Fraction(0)
    if not budget or not period.is_open or used < (mail.percent or 0):
        return None
    currency = period.customer.currency
    whole = in_words(Decimal(budget.numerator) / Decimal(budget.denominator), currency)
    percent = f"{int(used):,}%"
    address = portal_address(period.customer, "overview")
    parts: list[Part] = [
        Sentences(f"{in_words(amount, currency)} is charged for {period.in_words} so far, {percent} of your budget."),
        facts(("Charged so far", in_words(amount, currency)), ("Budget", whole), ("Used", percent)),
        Sentences("This budget only alerts: charges go on when it is reached."),
        *([Button("See what was charged", address)] if address else []),
    ]
    return Composed(f"{percent} of your budget for {period.in_words} is used", parts)
