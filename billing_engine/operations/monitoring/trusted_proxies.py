"""The proxies whose headers are trusted."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from django.core.exceptions import ImproperlyConfigured

Network = IPv4Network | IPv6Network


def networks(name: str, written: Iterable[str]) -> list[Network]:
    """The addresses and ranges in the variable `name`; raises ImproperlyConfigured if they are invalid."""
    try:
        return [ip_network(each.strip()) for each in written]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be addresses or ranges, such as 10.0.0.0/16: {error}.") from error


def is_within(address: str, ranges: Iterable[Network]) -> bool:
    """Whether the address is in one of them; a Unix socket's missing address is in none."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in each for each in ranges)
