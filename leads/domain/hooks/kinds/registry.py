"""The kinds of senders, by their name in the database."""

from leads.domain.hooks.kinds.google import Google
from leads.domain.hooks.kinds.hubspot import HubSpot
from leads.domain.hooks.kinds.kind import Kind
from leads.domain.hooks.kinds.linkedin import LinkedIn
from leads.domain.hooks.kinds.meta import Meta
from leads.domain.hooks.kinds.segment import Segment
from leads.domain.hooks.kinds.standard import Standard
from leads.domain.hooks.kinds.typeform import Typeform
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
