"""Authenticate a source or a customer by its API key: `Authorization: Bearer lbe_…` or `lbc_…`."""

from abc import abstractmethod
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from django.utils.timezone import now
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from billing_engine.core.deeds import origin
from billing_engine.core.rate_limit import wait_for_turn
from leads.domain.credentials.api_keys import usable_key
from leads.domain.memberships.keys import usable_customer_key
from leads.models import ApiKey, Customer, CustomerKey, Source
from leads.models.source import Key

# From one address; right keys are never counted here.
WRONG_KEYS_PER_MINUTE = 60
IPV6 = 6


@dataclass(frozen=True, slots=True)
class SourceAsUser:
    """The source behind the key, as DRF's user."""

    source: Source
    is_authenticated: bool = True


@dataclass(frozen=True, slots=True)
class CustomerAsUser:
    """The customer behind the key, as DRF's user."""

    customer: Customer
    is_authenticated: bool = True


class KeyAuthentication(BaseAuthentication):
    """Authenticates by an API key; wrong ones are counted by the address they come from."""

    refused: str

    @abstractmethod
    def known(self, plaintext: str) -> tuple[Any, Key] | None:
        """Return who has this key, and the key."""

    def authenticate(self, request: Request) -> tuple[Any, Key] | None:
        scheme, _, plaintext = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        found = self.known(plaintext.decode("latin-1").strip())
        if found is None:
            refuse_guessing()
            raise AuthenticationFailed(self.refused, "key_not_valid")
        return found

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class ApiKeyAuthentication(KeyAuthentication):
    """Authenticates a source by its API key."""

    refused = "This API key is unknown, expired or revoked, or its source is inactive."

    def known(self, plaintext: str) -> tuple[SourceAsUser, ApiKey] | None:
        key = usable_key(plaintext, at=now(), address=origin.address())
        return (SourceAsUser(key.source), key) if key else None


class CustomerKeyAuthentication(KeyAuthentication):
    """Authenticates a customer by its API key."""

    refused = "This API key is unknown, expired or revoked."

    def known(self, plaintext: str) -> tuple[CustomerAsUser, CustomerKey] | None:
        key = usable_customer_key(plaintext, at=now(), address=origin.address())
        return (CustomerAsUser(key.customer), key) if key else None


def refuse_guessing() -> None:
    """Count a wrong key of this address, and raise Throttled after too many."""
    name = f"wrong-keys:{_network(origin.address() or '')}"
    if wait := wait_for_turn(name, per_minute=WRONG_KEYS_PER_MINUTE):
        raise Throttled(wait / 1000)


def _network(address: str) -> str:
    """Return what counts as one sender: the address, or the network that a single customer has under IPv6."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network(f"{address}/64", strict=False)) if found.version == IPV6 else address


# For views that answer both; the key comes first, so that a missing one is answered with 401 and how to log in.
SOURCES_AND_STAFF: list[type[BaseAuthentication]] = [ApiKeyAuthentication, SessionAuthentication]


class CustomerKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # drf-spectacular registers it so
    """Describes the authentication of customers in the OpenAPI document."""

    target_class = CustomerKeyAuthentication
    name = "customer_key"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # drf-spectacular registers it so
    """Describes the authentication in the OpenAPI document."""

    target_class = ApiKeyAuthentication
    name = "api_key"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
