"""The API keys of a customer's programs: shown once and kept as a digest; they expire and can be revoked."""

from datetime import datetime

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults, Refused
from leads.domain.credentials.key_text import is_right, new_text, prefix_of
from leads.domain.credentials.lifetime import check_expiry, note_use, revoke
from leads.domain.memberships.portal import portal_of
from leads.models import Customer, CustomerKey

CUSTOMER_KEY_CREATED = Verb("customer_key_created", "Customer's API key created")
MOST_KEYS = 50  # that are valid at a time
NAME_LENGTH = 60


class CustomerKeyHasFaults(HasFaults):
    """What was given for a new key is incomplete."""

    code = "customer_key_has_faults"


class TooManyKeys(Refused):
    """A customer has a limited number of valid keys."""

    code = "too_many_keys"
    message = f"A customer has at most {MOST_KEYS} valid keys. Revoke one first."


@transaction.atomic
def create_customer_key(
    customer: Customer,
    *,
    name: str,
    contact: str,
    may_dispute: bool,
    expires_at: datetime | None,
    by: User,
    at: datetime,
) -> tuple[CustomerKey, str]:
    """Create a key; return it with its plaintext, which can't be shown again.

    Raises CustomerKeyHasFaults, ExpiryInPast and TooManyKeys. The contact is named by disputes opened with the key.
    """
    _check(name, contact)
    check_expiry(expires_at, at=at)
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)  # so that the number of keys stays counted
    if sum(key.is_usable(at) for key in keys_of(customer)) >= MOST_KEYS:
        raise TooManyKeys
    portal_of(customer)  # its ids are those of the portal's addresses
    scopes = [scope.value for scope in CustomerKey.Scope if may_dispute or scope is CustomerKey.Scope.READ]
    text = new_text(CustomerKey.MARK)
    key = CustomerKey.objects.create(
        customer=customer,
        name=name.strip(),
        contact=contact,
        scopes=scopes,
        prefix=text.prefix,
        digest=text.digest,
        created_by=by,
        expires_at=expires_at,
    )
    after = {"name": key.name, "prefix": key.prefix, "scopes": scopes, "contact": contact, "expires_at": expires_at}
    record(CUSTOMER_KEY_CREATED, on=key, by=by, after=after, also=[customer])
    return key, text.plaintext


def _check(name: str, contact: str) -> None:
    faults = list[FieldFault]()
    if not name.strip() or len(name.strip()) > NAME_LENGTH or "\0" in name:
        faults.append(FieldFault("name", "bad_name", f"Name the key in at most {NAME_LENGTH} characters."))
    try:
        validate_email(contact)
    except ValidationError:
        faults.append(FieldFault("contact", "bad_contact", "Enter an email address."))
    if faults:
        raise CustomerKeyHasFaults(faults)


def keys_of(customer: Customer) -> list[CustomerKey]:
    """Return all keys of a customer, the latest first."""
    return list(CustomerKey.objects.filter(customer=customer).select_related("created_by", "customer").order_by("-pk"))


def names_of_keys_made_by(person: User, customer: Customer, *, at: datetime) -> list[str]:
    """Return the names of the valid keys that a person made, who may still know them."""
    return sorted(key.name for key in keys_of(customer) if key.created_by_id == person.pk and key.is_usable(at))


def revoke_customer_key(key: CustomerKey, *, by: User, at: datetime) -> None:
    """Revoke the key immediately. Raises KeyIsRevoked."""
    revoke(key, by=by, at=at)


def usable_customer_key(plaintext: str, *, at: datetime, address: str | None) -> CustomerKey | None:
    """Return the valid key with this plaintext, its customer and portal, and record its use."""
    prefix = prefix_of(plaintext, CustomerKey.MARK)
    found = CustomerKey.objects.filter(prefix=prefix, revoked_at=None).select_related("customer__portal")
    key = found.first() if prefix else None
    if not is_right(key, plaintext) or key is None or not key.is_usable(at):
        return None
    note_use(key, at=at, address=address)
    return key
