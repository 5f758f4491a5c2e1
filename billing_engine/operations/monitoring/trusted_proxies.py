"""The proxies whose headers are trusted."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

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
    found = _address(address)
    return found is not None and any(found in each for each in ranges)


def client_of(address: str, forwarded: str, proxies: Iterable[Network]) -> str:
    """The client's address: what a caller says about the one before it counts only if the caller is our proxy."""
    ranges = list(proxies)
    for before in reversed([each.strip() for each in forwarded.split(",") if each.strip()]):
        if not is_within(address, ranges) or _address(before) is None:
            break
        address = before
    return address


@lru_cache(maxsize=1_000)  # every request comes through the same few proxies
def _address(written: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(written)
    except ValueError:
        return None
