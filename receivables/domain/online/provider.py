"""Talk to Stripe, by its own library; nothing here writes to the database, and no lock is held meanwhile."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import stripe
from django.conf import settings

from billing_engine.core.errors import Refused

logger = logging.getLogger(__name__)

SECONDS = 15
RETRIES = 1
MOST_LINES = 100  # of one page of a list at Stripe
OF_A_CHARGE = ["latest_charge.balance_transaction"]


class ProviderUnavailable(Refused):
    """Stripe did not answer, or not as documented."""

    code = "payment_provider_unavailable"
    http_status = 503
    message = "Stripe could not be asked. It sends the event again."


class ProviderRefused(Refused):
    """Stripe does not do what it was asked."""

    code = "payment_provider_refused"


@dataclass(frozen=True, slots=True)
class Line:
    """One movement of Stripe's balance, in minor units: what it is about, its sum and its fee."""

    id: str
    kind: str
    currency: str
    amount: int
    fee: int
    source: str
    payment_intent: str


def is_on() -> bool:
    """Return whether customers can pay online: only with our address and both secrets."""
    found = settings.ONLINE_PAYMENTS
    return all((found["secret_key"], found["webhook_secret"], found["site"]))


def event_of(payload: bytes, signature: str) -> dict[str, Any]:
    """Return an event whose signature holds. Raises ProviderRefused for one that is wrong, too old or unreadable."""
    secret = settings.ONLINE_PAYMENTS["webhook_secret"]
    try:
        found = stripe.Webhook.construct_event(
            payload, signature, secret, api_key=settings.ONLINE_PAYMENTS["secret_key"]
        )
    except (ValueError, AttributeError, TypeError, stripe.SignatureVerificationError) as error:
        raise ProviderRefused("Not signed by Stripe, too old, or not an event.") from error
    body: dict[str, Any] = found.to_dict()
    return body


def create_session(asked: dict[str, Any], *, key: str) -> tuple[str, str]:
    """Return the ID and address of a checkout session; the same key always returns the same one."""
    with _Asking():
        made = _client().v1.checkout.sessions.create(asked, {"idempotency_key": key})  # type: ignore[arg-type]  # built from a row
        return made.id, made.url or ""


def expire_session(external_id: str) -> bool:
    """Close it at Stripe; return False if it has been paid."""
    sessions = _client().v1.checkout.sessions
    try:
        with _Asking():
            sessions.expire(external_id)
    except ProviderRefused:  # it is not open any more
        with _Asking():
            return sessions.retrieve(external_id).status == "expired"
    return True


def fee_of(payment_intent: str) -> tuple[int, str]:
    """Return what Stripe kept of a payment in minor units, and its currency; "" if it is not known yet."""
    with _Asking():
        found: Any = _client().v1.payment_intents.retrieve(payment_intent, {"expand": OF_A_CHARGE})
        charge = found.latest_charge
        line = charge.balance_transaction if charge else None
        return (line.fee, line.currency.upper()) if line else (0, "")


def lines_of_payout(payout: str) -> Iterator[Line]:
    """Yield what a payout consists of, without the payout itself."""
    with _Asking():
        found = _client().v1.balance_transactions.list(
            {"payout": payout, "limit": MOST_LINES, "expand": ["data.source"]}
        )
        for each in found.auto_paging_iter():
            if each.type != "payout":
                yield _line(each)


def _line(each: Any) -> Line:
    source = each.source
    is_plain = source is None or isinstance(source, str)
    return Line(
        id=each.id,
        kind=each.type,
        currency=each.currency.upper(),
        amount=each.amount,
        fee=each.fee,
        source=(source or "") if is_plain else source.id,
        payment_intent="" if is_plain else str(getattr(source, "payment_intent", None) or ""),
    )


class _Asking:
    """Turns the library's errors into refusals."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, stripe.InvalidRequestError):
            logger.warning("Stripe refused: %s", error.code or error.param or type(error).__name__)
            raise ProviderRefused(error.user_message or "Stripe refused it.") from error
        if isinstance(error, (stripe.StripeError, AttributeError, KeyError)):
            logger.warning("Stripe did not answer as it should: %s", type(error).__name__)
            raise ProviderUnavailable from error


def _client() -> stripe.StripeClient:
    found = settings.ONLINE_PAYMENTS
    return _client_of(found["secret_key"], found["api_base"])


@cache
def _client_of(secret_key: str, api_base: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        secret_key,
        base_addresses={"api": api_base},
        max_network_retries=RETRIES,
        http_client=stripe.RequestsClient(timeout=SECONDS),
    )
