"""Fetch the fields of leads of which a webhook told only the ID; until they are there, each waits in quarantine."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.outgoing.exchange import exchange
from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.leased import LeasedQueue
from leads.domain.body.decode import BodyNotReadable, as_json, decode_json
from leads.domain.body.parcel import Placed
from leads.domain.credentials.encryption import decrypt, encrypt
from leads.domain.credentials.lifetime import KeyIsRevoked
from leads.domain.faults import Fault, Malformed
from leads.domain.hooks.find import secrets_of
from leads.domain.hooks.kinds.registry import kind_of
from leads.domain.intake.receipt import Receipt
from leads.domain.mapping.webhooks import HOOK, NOT_FETCHED, converted_records, key_of
from leads.domain.quarantine.settle import AlreadySettled, join_as
from leads.models import Hook, HookFetch, QuarantinedItem

FETCH_TOKEN_CHANGED = Verb("hook_fetch_token_changed", "Access token of an inbound webhook changed")
FETCHED_AGAIN = Verb("hook_fetches_asked_again", "Leads of an inbound webhook fetched again")

PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), *(timedelta(hours=h) for h in (2, 6, 12)))
WAITS = timedelta(hours=24)  # longer than all pauses together
LEASE = timedelta(minutes=3)
MOST_BYTES = 256 * 1024
TOKEN_CHARACTERS = 1_000
HEADERS = {"accept": "application/json", "accept-encoding": "identity"}


class NotFetched(Refused):
    """The sender did not hand out the fields of a lead; it is asked again later."""

    code = NOT_FETCHED


class FetchTokenRefused(Refused):
    """The sender refuses the token, or there is none; asking again without a new one would change nothing."""

    code = "fetch_token_refused"


class FetchTokenUnusable(Refused):
    """The token is too long, or has characters that no token has."""

    code = "fetch_token_unusable"
    message = f"A token must have at most {TOKEN_CHARACTERS:,} printable ASCII characters."


class NothingToFetch(Refused):
    """No lead of this webhook is left without its fields."""

    code = "nothing_to_fetch"
    message = "No lead of this webhook waits for its fields."


class Fetches(LeasedQueue[HookFetch, dict[str, str]]):
    """The queue of leads to fetch."""

    task = "leads.fetch_leads"
    lease = LEASE
    most_attempts = len(PAUSES) + 1

    def waiting(self) -> QuerySet[HookFetch]:
        return HookFetch.objects.filter(settled_at=None).select_related("item__source", "item__delivery", "hook")

    def act(self, fetch: HookFetch, *, at: datetime) -> dict[str, str]:
        """Ask the sender for the fields. Raises NotFetched or FetchTokenRefused."""
        hook, kind = fetch.hook, kind_of(fetch.hook)
        token = decrypt(hook.fetch_sealed) if hook.fetch_sealed else None
        secrets = secrets_of(hook, at=at)
        if token is None or not secrets:
            raise FetchTokenRefused("There is no token that can be read. Enter it again.")
        request = kind.fetch_of(fetch.item.content, token=token, secret=secrets[0])
        if request is None:
            raise FetchTokenRefused("The item names no lead.")
        answer = exchange("GET", request.url, HEADERS | request.headers, most_bytes=MOST_BYTES, at=at)
        content = _content_of(answer.body)
        if refusal := kind.refusal_of(content):
            raise FetchTokenRefused(refusal)
        if not answer.is_success:
            raise NotFetched(answer.reason)
        if not (fields := kind.fields_of(content)):
            raise NotFetched("The answer has no fields of a lead.")
        return fields

    def settle(self, fetch: HookFetch, fields: dict[str, str], *, at: datetime) -> None:
        """Store the lead with its fields, unless a person settled its item meanwhile."""
        fetch.settled_at, fetch.next_attempt_at, fetch.failure = at, None, ""
        content = fetch.item.content
        told = {**content, HOOK: {**content.get(HOOK, {}), "fields": fields}}
        leads = converted_records(fetch.item.source, [Placed("", told)], door=fetch.hook.kind)
        key = key_of(fetch.hook.kind, f"fetched {fetch.pk}")
        try:
            join_as(fetch.item, leads, body=as_json(told).encode(), key=key, at=at)
        except AlreadySettled:
            return

    def fail(self, fetch: HookFetch, failure: Failure, *, at: datetime) -> None:
        """Ask again later or, if that is over, leave the item to a person."""
        fetch.failure = failure.words
        is_over = failure.code == FetchTokenRefused.code or fetch.attempts > len(PAUSES)
        if not is_over:
            fetch.next_attempt_at = at + PAUSES[max(fetch.attempts, 1) - 1]
            return
        fetch.settled_at, fetch.next_attempt_at = at, None
        message = f"Its fields could not be fetched. {failure.words}"
        QuarantinedItem.objects.waiting().filter(pk=fetch.pk).update(waits_until=None, message=message)


FETCHES = Fetches()


def held_for_fetch(hook: Hook, record: Placed) -> Placed:
    """Return a record as it waits for its fields; a record that has them, or of a webhook without a token, as it is."""
    kind = kind_of(hook)
    if not hook.fetch_sealed or kind.fetch_of(record.item, token="", secret="") is None:
        return record
    words = f"Its fields are fetched from {hook.get_kind_display()}."
    return Placed(record.pointer, Malformed(record.item, Fault(NOT_FETCHED, "", words)))


def ask_fetches(hook: Hook, receipt: Receipt, *, at: datetime) -> None:
    """Have the fields fetched of the leads that wait for them; call it in the transaction that stored them."""
    waiting = [each for each in receipt.results if each.fault and each.fault.code == NOT_FETCHED]
    held = [each.quarantined_item for each in waiting if each.quarantined_item is not None]
    if receipt.is_repeated or not held:
        return
    items = QuarantinedItem.objects.waiting().filter(pk__in=held, fetch=None).order_by("pk")
    made = HookFetch.objects.bulk_create(
        HookFetch(item=item, hook=hook, sender_id=_sender_id(item), requested_at=at, next_attempt_at=at)
        for item in items
    )
    # Also of those that were sent before, and are still being fetched.
    QuarantinedItem.objects.waiting().filter(pk__in=held, fetch__settled_at=None).update(waits_until=at + WAITS)
    for fetch in made:
        FETCHES.ask_for(fetch)


@transaction.atomic
def change_fetch_token(hook: Hook, *, given: str, by: User | None, at: datetime) -> int:
    """Fetch with another token from now on, or with none if it is empty; return how many leads are fetched again.

    Raises KeyIsRevoked or FetchTokenUnusable.
    """
    stored, given = Hook.objects.select_for_update().get(pk=hook.pk), given.strip()
    if not stored.is_usable(at):
        raise KeyIsRevoked
    if len(given) > TOKEN_CHARACTERS or not given.isascii() or not (given or " ").isprintable():
        raise FetchTokenUnusable
    had = stored.fetch_sealed is not None
    stored.fetch_sealed = encrypt(given) if given else None
    stored.save(update_fields=["fetch_sealed"])
    record(
        FETCH_TOKEN_CHANGED,
        on=stored,
        by=by,
        before={"fetches_leads": had},
        after={"fetches_leads": bool(given)},
        also=[stored.source],
    )
    return _ask_again(stored, at=at) if given else 0


@transaction.atomic
def fetch_again(hook: Hook, *, by: User | None, at: datetime) -> int:
    """Fetch the leads again that were given up and are still waiting; return how many. Raises NothingToFetch."""
    count = _ask_again(hook, at=at)
    if not count:
        raise NothingToFetch
    record(FETCHED_AGAIN, on=hook, by=by, after={"leads": count}, also=[hook.source])
    return count


def given_up(hook: Hook) -> QuerySet[HookFetch]:
    """Return the leads whose fields did not arrive, and that still wait for a person."""
    return HookFetch.objects.filter(hook=hook, settled_at__isnull=False, item__state=QuarantinedItem.State.WAITING)


def _ask_again(hook: Hook, *, at: datetime) -> int:
    found = list(given_up(hook).select_for_update(of=("self",)).order_by("pk"))
    for fetch in found:
        fetch.attempts, fetch.next_attempt_at, fetch.settled_at, fetch.failure = 0, at, None, ""
    HookFetch.objects.bulk_update(found, ["attempts", "next_attempt_at", "settled_at", "failure"], batch_size=500)
    items = QuarantinedItem.objects.waiting().filter(pk__in=[fetch.pk for fetch in found])
    items.update(waits_until=at + WAITS)
    for fetch in found:
        FETCHES.ask_for(fetch)
    return len(found)


def _sender_id(item: QuarantinedItem) -> str:
    known: Any = item.content.get(HOOK) if isinstance(item.content, dict) else None
    return str((known or {}).get("id", ""))[:200]


def _content_of(body: bytes) -> Any:
    try:
        return decode_json(body).content
    except BodyNotReadable:
        return None
