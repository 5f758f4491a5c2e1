"""How a source is doing now, as chips: whether it delivers, and whether more is refused than before."""

from datetime import datetime, timedelta

from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing_engine.core.admin_kit.cells import chip
from billing_engine.core.calendar.wording import age_in_words
from leads.models import Source
from reports.admin.sources.cells import beside, is_worse
from reports.domain.alerts.silence import Silence
from reports.queries.source_quality.quality import Quality

LATELY = timedelta(days=1)


def chips_of(source: Source, quality: Quality, silence: Silence | None, *, at: datetime) -> list[SafeString]:
    """The state of the source, and its refused items if they are clearly more than before."""
    chips = [_state(source, quality.last_delivery, silence, at)]
    if is_worse(quality):
        words = beside(quality.received.refused_share, quality.before.refused_share, "refused")
        chips.append(chip(words, "orange"))
    return [each for each in chips if each]


def silence_chip(silence: Silence, *, at: datetime) -> SafeString:
    """`Silent for 3 days`, with what its own past says as a tooltip."""
    shown = chip(f"Silent for {age_in_words(at - silence.last_at)}", "red")
    return format_html('<span title="{}">{}</span>', silence.in_words, shown)


def _state(source: Source, last: datetime | None, silence: Silence | None, at: datetime) -> SafeString:
    if not source.is_active:
        return chip("Inactive")
    if silence:
        return silence_chip(silence, at=at)
    if last is None:
        return chip("No delivery yet")
    # One that is older is neither lively nor, by its own past, silent.
    return chip("Delivering", "green") if at - last < LATELY else SafeString()
