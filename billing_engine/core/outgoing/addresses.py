"""Where requests may go: to public addresses, by HTTPS; never into our own network."""

import ipaddress
import socket
from urllib.parse import urlsplit

from django.conf import settings
from requests import RequestException
from requests_hardened.ip_filter import filter_host

from billing_engine.core.errors import Refused

PORTS = {"https": 443, "http": 80}


class BadAddress(Refused):
    """An endpoint's address can't be used."""

    code = "webhook_bad_address"
    http_status = 422


class AddressNotPublic(Refused):
    """The name of an endpoint leads to an address that is not public; what is there is never shown."""

    code = "webhook_address_not_public"
    http_status = 422
    message = "The address is not public."


class NameNotFound(Refused):
    """The name of an endpoint can't be resolved."""

    code = "webhook_name_not_found"
    http_status = 422
    message = "The name cannot be resolved."


def check_url(url: str) -> None:
    """Raise BadAddress if the address has the wrong form, or AddressNotPublic if it names a private one outright."""
    schemes = ("https", "http") if settings.WEBHOOKS_REACH_LOOPBACK else ("https",)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise BadAddress("The address is not a valid URL.") from None
    if parts.scheme not in schemes:
        raise BadAddress("The address must start with https://.")
    if not host:
        raise BadAddress("The address names no host.")
    if parts.username or parts.password:
        raise BadAddress("The address must not contain a user or a password. Deliveries are signed instead.")
    if parts.fragment:
        raise BadAddress("The address must not contain a #.")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    _check(host)


def check_is_public(url: str) -> None:
    """Resolve the name and raise AddressNotPublic if any of its addresses is not public; or NameNotFound.

    The connection resolves it again and checks the very address that it connects to.
    """
    parts = urlsplit(url)
    port = parts.port or PORTS[parts.scheme]
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise NameNotFound from None
    for *_, address in found:
        _check(str(address[0]).partition("%")[0])


def _check(address: str) -> None:
    ip = ipaddress.ip_address(address)
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    ip = mapped or ip
    if settings.WEBHOOKS_REACH_LOOPBACK and ip.is_loopback:
        return
    is_old_private = isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local  # which Python calls global
    if not ip.is_global or ip.is_multicast or is_old_private:
        raise AddressNotPublic
    try:
        filter_host(str(ip), 443, allow_loopback=False)  # the ranges that Python calls global, such as NAT64
    except RequestException:
        raise AddressNotPublic from None
