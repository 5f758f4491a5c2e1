"""No delivery reaches a private network: not by its address, not by its name, not by one of several addresses."""

import socket
from typing import Any

import pytest
from django.conf import LazySettings

from billing_engine.core.outgoing.addresses import AddressNotPublic, BadAddress, check_is_public, check_url
from receivables.domain.webhooks.endpoints import Wanted, change, create
from receivables.domain.webhooks.post import post
from receivables.models import WebhookDelivery, WebhookEndpoint
from tests.factories.leads import CustomerFactory
from tests.factories.people import with_role
from tests.receivables.webhooks.made import NOON, a_payment, an_endpoint, sweep
from tests.receivables.webhooks.receiver import Receiver

PRIVATE = {
    "this host": "0.0.0.0",
    "private 10": "10.1.2.3",
    "shared by a provider": "100.64.0.1",
    "loopback": "127.0.0.1",
    "metadata of a cloud": "169.254.169.254",
    "private 172": "172.16.0.1",
    "protocol assignments": "192.0.0.1",
    "documentation": "192.0.2.1",
    "6to4 relay": "192.88.99.1",
    "private 192": "192.168.1.1",
    "benchmarks": "198.18.0.1",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "no address, v6": "::",
    "loopback, v6": "::1",
    "mapped": "::ffff:169.254.169.254",
    "NAT64": "64:ff9b::a9fe:a9fe",
    "NAT64, local": "64:ff9b:1::1",
    "Teredo": "2001::1",
    "6to4": "2002:a9fe:a9fe::1",
    "documentation, v6": "2001:db8::1",
    "segment routing": "5f00::1",
    "unique local": "fd00:ec2::254",
    "link local": "fe80::1",
    "site local": "fec0::1",
    "multicast, v6": "ff02::1",
}
PUBLIC = ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"]


def in_url(address: str) -> str:
    return f"https://[{address}]/" if ":" in address else f"https://{address}/"


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Every name leads to these addresses."""

    def found(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        known = [host] if host in {*PRIVATE.values(), *PUBLIC} else addresses
        families = [(socket.AF_INET6 if ":" in each else socket.AF_INET, each) for each in known]
        return [(family, socket.SOCK_STREAM, 6, "", (each, port)) for family, each in families]

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.mark.parametrize("address", PRIVATE.values(), ids=PRIVATE.keys())
def test_an_address_that_is_not_public_is_refused_when_entered_and_when_sent(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, address)
    with pytest.raises(AddressNotPublic):
        check_url(in_url(address))
    with pytest.raises(AddressNotPublic):
        check_is_public("https://receiver.example/")

    answer = post("https://receiver.example/", b"{}", {}, at=NOON)
    assert (answer.status, answer.body, answer.reason) == (None, b"", "The address is not public.")


@pytest.mark.parametrize("private", [PRIVATE["metadata of a cloud"], PRIVATE["loopback, v6"]])
def test_a_name_with_one_private_address_among_public_ones_is_refused(
    private: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, *PUBLIC, private)

    assert post("https://receiver.example/", b"{}", {}, at=NOON).reason == "The address is not public."


def test_a_name_that_changes_between_the_check_and_the_connection_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [PUBLIC[:1], PUBLIC[:1], [PRIVATE["private 10"]]]

    def found(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in answers.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", found)

    assert post("https://receiver.example/", b"{}", {}, at=NOON).reason == "The address is not public."
    assert answers == []


def test_public_addresses_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, *PUBLIC)
    check_is_public("https://receiver.example/")
    for address in PUBLIC:
        check_url(in_url(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://receiver.example/",
        "ftp://receiver.example/",
        "https://",
        "https://user:word@receiver.example/",
        "https://receiver.example/#part",
        "https://receiver.example:99999/",
        "https://[::1/",
        "receiver.example",
    ],
)
def test_an_address_of_the_wrong_form_is_refused(url: str) -> None:
    with pytest.raises(BadAddress):
        check_url(url)


@pytest.mark.django_db
def test_a_refused_address_creates_and_changes_nothing() -> None:
    by = with_role("Finance")
    endpoint, _ = an_endpoint("https://receiver.example/")
    wrong = Wanted(name="Inside", url="https://10.0.0.1/", kinds=["invoice.paid"])
    with pytest.raises(AddressNotPublic):
        create(wrong, by=by, at=NOON)
    with pytest.raises(AddressNotPublic):
        change(endpoint, wrong, by=by)

    assert [(each.name, each.url) for each in WebhookEndpoint.objects.all()] == [("Books", "https://receiver.example/")]


@pytest.mark.django_db
def test_a_receiver_on_this_machine_gets_nothing_outside_of_tests_and_the_log_tells_nothing_of_it(
    receiver: Receiver, settings: LazySettings
) -> None:
    an_endpoint(receiver.url)
    a_payment(CustomerFactory.create())
    settings.WEBHOOKS_REACH_LOOPBACK = False
    sweep()

    assert receiver.arrived == []
    delivery = WebhookDelivery.objects.get()
    assert (delivery.status, delivery.answer, delivery.reason) == (None, "", "The address is not public.")
