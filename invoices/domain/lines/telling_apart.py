"""Words for lines that only their rules tell apart: what they cost, from where, and from or until when; no rule is named."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from billing_engine.core.calendar.wording import day_in_words
from invoices.domain.lines.charge_sums import LineKey
from leads.models import BillingPeriod
from pricing.domain.audit.explain_to_buyer import span_of
from pricing.rating.instants import instant
from pricing.rating.values import RuleFacts
from pricing.wording import buyer

MOST_CHARACTERS = 160  # of a price; one in many tiers is told below its line


def told_apart(
    keys: Sequence[LineKey],
    period: BillingPeriod,
    *,
    rules: Mapping[int, RuleFacts],
    units: Mapping[int, str],
    sources: Mapping[int, str],
) -> dict[LineKey, str]:
    """Return what each of these lines adds to its product and action, if another one has the same; `sources` are by rule."""
    groups = defaultdict[LineKey, list[LineKey]](list)
    for key in keys:
        groups[key._replace(rule=0)].append(key)
    found = dict[LineKey, str]()
    for alike in groups.values():
        if len(alike) > 1:
            found |= _of_group(alike, period, rules, units[alike[0].action_type], sources)
    return found


def _of_group(
    alike: Sequence[LineKey],
    period: BillingPeriod,
    rules: Mapping[int, RuleFacts],
    unit: str,
    sources: Mapping[int, str],
) -> dict[LineKey, str]:
    own = {key: rules[key.rule] for key in alike}
    differ = len({sources[key.rule] for key in alike}) > 1
    words = dict[LineKey, str]()
    for key in sorted(alike, key=lambda each: (own[each].effective_from, each.rule)):
        parts = [_price(own[key], unit, period), *_validity(own[key], list(own.values()), period)]
        words[key] = ", ".join(parts + ([sources[key.rule] or "all other sources"] if differ else []))
    return _numbered(words)


def _price(rule: RuleFacts, unit: str, period: BillingPeriod) -> str:
    counted = buyer.Counted(unit or "action", "", rule.currency)
    told = buyer.price_in_words(rule.price, counted, span=span_of(period.customer))
    return told if len(told) <= MOST_CHARACTERS else f"{told[: MOST_CHARACTERS - 1].rstrip(' ,')}…"


def _validity(rule: RuleFacts, others: Sequence[RuleFacts], period: BillingPeriod) -> Iterator[str]:
    """From and until when, as far as one of the other lines ended before or begins after."""
    if any(each.effective_to is not None and each.effective_to <= rule.effective_from for each in others):
        yield f"from {day_in_words(period.customer.day_of(instant(rule.effective_from)))}"
    ends = rule.effective_to
    if ends is not None and any(each.effective_from >= ends for each in others):
        yield f"until {day_in_words(period.customer.day_of(instant(ends - 1)))}"


def _numbered(words: Mapping[LineKey, str]) -> dict[LineKey, str]:
    """The words, with a number where they are still the same."""
    times, seen = Counter(words.values()), Counter[str]()
    found = dict[LineKey, str]()
    for key, told in words.items():
        seen[told] += 1
        found[key] = f"{told} ({seen[told]})" if times[told] > 1 else told
    return found
