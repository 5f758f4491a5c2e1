"""Every page of the portal, made from its addresses, each with the session in which it is shown."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import encrypt
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, reverse
from django.utils.http import urlencode
from fido2.cose import ES256
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorAttestationResponse,
    AuthenticatorData,
    CollectedClientData,
    RegistrationResponse,
)

from leads.domain.memberships.emails import SALT
from leads.models import Customer, EmailTopic, MemberRole
from portal import urls
from tests.factories.leads import CustomerFactory
from tests.portal.made import a_person, home, logged_in
from tests.portal.rows import rows_of
from tests.portal.test_isolation import addresses, ids_in
from tests.portal.test_joining import an_invitation, link_to

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
# What of a page depends on what it is asked.
VARIANTS = (
    "invoices/?state=credit-notes",
    "invoices/?state=void",
    "activity/?show=rows&first=2026-10-01&last=2026-10-31",
    "activity/?group=outcome&first=2026-10-01&last=2026-10-31",
    "activity/?first=never",
    "activity/?lead=nobody",
    "prices/?day=2026-10-15",
    "payments/?first=never",
    "nothing/of/this/name/",
)
# Addresses of the entrance without a page of their own: files, and steps that lead to another page.
NO_PAGES = {"portal_style", "mfa_download_recovery_codes", "account_password_link", "mfa_login_webauthn"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A page: its name, its address, and the browser in which it is shown."""

    name: str
    address: str
    client: Client


def all_pages(customer: Customer) -> list[Shown]:
    """Every page of a customer's portal for an administrator, and every page of the entrance."""
    second = CustomerFactory.create(name="Second Company")  # so that there is something to choose at the start
    person = a_person(customer, second, role=MemberRole.ADMINISTRATOR)
    inside = logged_in(person)
    return [*_of_customer(customer, inside), *_of_entrance(customer, person)]


def _of_customer(customer: Customer, client: Client) -> Iterator[Shown]:
    ids = ids_in(customer, rows_of(customer))
    names = addresses({name: f"<{name}>" for name in ids})
    routes = [*zip(names, addresses(ids), strict=True), *((each, each) for each in VARIANTS)]
    for name, route in routes:
        address = home(customer) + route + (f"?charge={ids['charge']}" if name == "disputes/open/" else "")
        answer = client.get(address)
        if answer.status_code != 302 and answer["Content-Type"].startswith("text/html"):
            yield Shown(name or "overview", address, client)


def _of_entrance(customer: Customer, person: User) -> Iterator[Shown]:
    """Each address in the first session that shows it: with factors, without, a stranger's, between password and code."""
    passkey = _with_factors(person)
    token = link_to(an_invitation(customer)).partition("?")[2]
    stops = urlencode({"token": signing.dumps([customer.pk, person.email, EmailTopic.DISPUTES.value], salt=SALT)})
    given = {
        "pk": passkey.pk,
        "uidb36": user_pk_to_url_str(person),
        "key": default_token_generator.make_token(person),
    }
    without = logged_in(a_person(customer, email="without@northlight.example"))
    sessions = [_with_code(logged_in(person)), without, Client(), logged_in(person)]
    for pattern in urls.urlpatterns:
        name = getattr(pattern, "name", None)
        if not isinstance(pattern, URLPattern) or not name or name in NO_PAGES:
            continue
        ids = {part: given[part] for part in pattern.pattern.converters}
        address = reverse(name, kwargs=ids, urlconf="portal.urls")
        address += {"portal_invitation": f"?{token}", "portal_stop_emails": f"?{stops}"}.get(name, "")
        yield _shown(name, address, sessions)


def _shown(name: str, address: str, sessions: list[Client]) -> Shown:
    for client in sessions:
        answer = client.get(address, follow=True)
        if _is_page(answer, name):
            return Shown(name, answer.request["PATH_INFO"] + "?" + answer.request["QUERY_STRING"], client)
    raise AssertionError(f"{address} ({name}) is shown in no session; if it has no page of its own, add it to NO_PAGES")


def _is_page(answer: HttpResponse, name: str) -> bool:
    found = getattr(answer, "resolver_match", None)
    return answer.status_code == 200 and found is not None and found.url_name == name and b"<h1" in answer.content


def _with_factors(person: User) -> Authenticator:
    """An authenticator app, recovery codes and a passkey; none was added by hand, so there is no deed."""
    data = {
        Authenticator.Type.TOTP: {"secret": encrypt(SECRET)},
        Authenticator.Type.RECOVERY_CODES: {"seed": encrypt(RecoveryCodes.generate_seed()), "used_mask": 0},
        Authenticator.Type.WEBAUTHN: {"name": "Laptop", "credential": _a_credential()},
    }
    made = Authenticator.objects.bulk_create(
        Authenticator(user=person, type=type_, data=facts) for type_, facts in data.items()
    )
    return made[-1]


def _a_credential() -> dict[str, Any]:
    """What a browser answers when a passkey is added."""
    key = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    credential = AttestedCredentialData.create(bytes(16), b"laptop", key)
    flags = AuthenticatorData.FLAG.USER_PRESENT | AuthenticatorData.FLAG.ATTESTED
    data = AuthenticatorData.create(bytes(32), flags, 0, credential)
    response = AuthenticatorAttestationResponse(
        client_data=CollectedClientData.create("webauthn.create", b"challenge", "http://localhost"),
        attestation_object=AttestationObject.create("none", data, {}),
    )
    found: dict[str, Any] = json.loads(json.dumps(dict(RegistrationResponse(raw_id=b"laptop", response=response))))
    return found


def _with_code(client: Client) -> Client:
    *_, counter = yield_hotp_counters_from_time()
    answer = client.post(
        "/portal/log-in/second-factor/enter/", {"code": format_hotp_value(hotp_value(SECRET, counter))}
    )
    assert answer.status_code == 302, answer.content.decode()
    return client
