"""Authenticate a source by its API key: `Authorization: Bearer lbe_…`."""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from django.utils.timezone import now
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from billing_engine.core.deeds import origin
from billing_engine.core.rate_limit import wait_for_turn
from leads.domain.credentials.api_keys import usable_key
from leads.models import ApiKey, Source

# From one address; right keys are never counted here.
WRONG_KEYS_PER_MINUTE = 60
IPV6 = 6


@dataclass(frozen=True, slots=True)
class SourceAsUser:
    """The source behind the key, as DRF's user."""

    source: Source
    is_authenticated: bool = True


class ApiKeyAuthentication(BaseAuthentication):
    """Authenticates a source by its API key."""

    def authenticate(self, request: Request) -> tuple[SourceAsUser, ApiKey] | None:
        scheme, _, plaintext = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        key = usable_key(plaintext.decode("latin-1").strip(), at=now())
        if key is None:
            if wait := wait_for_turn(
                f"wrong-keys:{_network(origin.address() or '')}", per_minute=WRONG_KEYS_PER_MINUTE
            ):
                raise Throttled(wait / 1000)
            raise AuthenticationFailed(
                "This API key is unknown, expired or revoked, or its source is inactive.", "key_not_valid"
            )
        return SourceAsUser(key.source), key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _network(address: str) -> str:
    """Return what counts as one sender: the address, or the network that a single customer has under IPv6."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network(f"{address}/64", strict=False)) if found.version == IPV6 else address


# For views that answer both; the key comes first, so that a missing one is answered with 401 and how to log in.
SOURCES_AND_STAFF: list[type[BaseAuthentication]] = [ApiKeyAuthentication, SessionAuthentication]


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # drf-spectacular registers it so
    """Describes the authentication in the OpenAPI document."""

    target_class = ApiKeyAuthentication
    name = "api_key"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
