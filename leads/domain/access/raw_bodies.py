"""Look at a raw body: each look is recorded, because it shows contact data."""

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from leads.domain.archive.bodies import body_of
from leads.models import Delivery

RAW_BODY_VIEWED = Verb("raw_body_viewed", "Looked at the raw body")
RAW_BODY_DOWNLOADED = Verb("raw_body_downloaded", "Downloaded the raw body")


@transaction.atomic
def look_at_body(delivery: Delivery, *, by: User) -> None:
    """Record that a person looks at the raw body on its page."""
    record(RAW_BODY_VIEWED, on=delivery, by=by, also=[delivery.source])


@transaction.atomic
def download_body(delivery: Delivery, *, by: User) -> bytes:
    """Return the body as it is kept, and record that a person downloads it."""
    record(RAW_BODY_DOWNLOADED, on=delivery, by=by, also=[delivery.source])
    return body_of(delivery)
