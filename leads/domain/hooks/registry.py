"""The kinds of senders, by their name in the database."""

from leads.domain.hooks.google import Google
from leads.domain.hooks.hubspot import HubSpot
from leads.domain.hooks.kind import Kind
from leads.domain.hooks.linkedin import LinkedIn
from leads.domain.hooks.meta import Meta
from leads.domain.hooks.segment import Segment
from leads.domain.hooks.standard import Standard
from leads.domain.hooks.typeform import Typeform
from leads.models import Hook

KINDS: dict[str, Kind] = {
    Hook.Kind.META: Meta(),
    Hook.Kind.GOOGLE: Google(),
    Hook.Kind.LINKEDIN: LinkedIn(),
    Hook.Kind.HUBSPOT: HubSpot(),
    Hook.Kind.TYPEFORM: Typeform(),
    Hook.Kind.SEGMENT: Segment(),
    Hook.Kind.STANDARD: Standard(),
}


def kind_of(hook: Hook) -> Kind:
    """Return how the sender of a webhook signs and writes."""
    return KINDS[Hook.Kind(hook.kind)]
