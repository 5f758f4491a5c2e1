"""Authenticate a source by its API key: `Authorization: Bearer lbe_…`."""

from dataclasses import dataclass

from django.utils.timezone import now
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from leads.domain.credentials.api_keys import usable_key
from leads.models import ApiKey, Source


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
            raise AuthenticationFailed(
                "This API key is unknown, expired or revoked, or its source is inactive.", "key_not_valid"
            )
        return SourceAsUser(key.source), key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


# For views that answer both; the key comes first, so that a missing one is answered with 401 and how to log in.
SOURCES_AND_STAFF: list[type[BaseAuthentication]] = [ApiKeyAuthentication, SessionAuthentication]


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # drf-spectacular registers it so
    """Describes the authentication in the OpenAPI document."""

    target_class = ApiKeyAuthentication
    name = "api_key"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
