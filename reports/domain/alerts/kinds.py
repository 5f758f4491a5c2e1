"""The kinds of alerts: what finds their causes, the rule in words, and who may see them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin

from reports.domain.alerts import budget, silence, spend, waiting
from reports.domain.alerts.finding import Finding
from reports.models import AlertKind
from reports.models.alert import OF_SOURCES

Find = Callable[..., Iterator[Finding]]  # called with `at`


@dataclass(frozen=True, slots=True)
class Rule:
    """How a kind of alert is found, and the permissions to see its figure, all of them."""

    kind: AlertKind
    find: Find
    words: str
    permissions: tuple[str, ...]

    @property
    def is_of_sources(self) -> bool:
        """Whether it is about sources; otherwise it is about customers."""
        return self.kind in OF_SOURCES

    def found(self, *, at: datetime) -> dict[str, Finding]:
        """What it finds at this moment, by cause."""
        return {each.cause: each for each in self.find(at=at)}

    def is_seen_by(self, person: AbstractBaseUser | AnonymousUser) -> bool:
        """Whether the person may see its figures."""
        return isinstance(person, PermissionsMixin) and person.has_perms(self.permissions)


RULES: dict[str, Rule] = {
    rule.kind.value: rule
    for rule in (
        Rule(AlertKind.BUDGET, budget.budgets, budget.RULE, ("pricing.view_charge",)),
        Rule(AlertKind.SPEND, spend.spends, spend.RULE, ("pricing.view_charge",)),
        Rule(AlertKind.SILENCE, silence.silences, silence.RULE, ("leads.view_delivery",)),
        Rule(
            AlertKind.QUARANTINE,
            waiting.long_quarantined,
            waiting.QUARANTINE_RULE,
            ("leads.view_quarantineditem",),
        ),
        Rule(AlertKind.UNRATED, waiting.long_unrated, waiting.UNRATED_RULE, ("pricing.view_unratedaction",)),
    )
}


def seen_kinds(person: AbstractBaseUser | AnonymousUser) -> list[Rule]:
    """The kinds whose figures the person may see."""
    return [rule for rule in RULES.values() if rule.is_seen_by(person)]
