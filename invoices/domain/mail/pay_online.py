"""The address at which an invoice is paid online; the app that knows it registers here, because it is above."""

from collections.abc import Callable

from invoices.models import Invoice

AddressOf = Callable[[Invoice], str]

_known: list[AddressOf] = []


def pay_online_at(address_of: AddressOf) -> None:
    """Register what knows the address; done once, when the apps are loaded."""
    _known[:] = [address_of]


def pay_address_of(invoice: Invoice) -> str:
    """Return the address at which an issued invoice is paid online; "" if it can't be."""
    return _known[0](invoice) if _known else ""
