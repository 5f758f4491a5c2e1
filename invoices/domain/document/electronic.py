"""Electronic invoices; the app that makes them registers here, because it is above."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from billing_engine.core.errors import Refused
from invoices.domain.document.parties import bill_to
from invoices.models import Invoice


class NotExpressible(Refused):
    """An invoice that the norm for electronic invoices cannot express; the message says why."""

    code = "not_expressible"


class Electronic(ABC):
    """What makes invoices electronic."""

    @abstractmethod
    def refusals(self, invoices: Sequence[Invoice]) -> Mapping[int, str]:
        """Return why some of these invoices cannot be expressed, by invoice id; `seller` and `bill_to` may be empty."""

    @abstractmethod
    def embedded(self, invoice: Invoice, content: bytes) -> bytes:
        """Return the PDF/A-3 of an issued invoice with its data inside."""


_kept: list[Electronic] = []


def make_electronic(electronic: Electronic) -> None:
    """Register what makes invoices electronic; done once, when the apps are loaded."""
    _kept[:] = [electronic]


def electronic() -> Electronic:
    """What makes this engine's invoices electronic."""
    return _kept[0]


def is_electronic(invoice: Invoice) -> bool:
    """Whether the customer gets it electronically: as stored at issue; for a draft, by today's terms."""
    kept = invoice.bill_to or bill_to(invoice, on=invoice.period.customer.today)
    return bool(kept.get("electronic_invoice"))


def why_not_expressible(invoices: Sequence[Invoice]) -> Mapping[int, str]:
    """Return why those that are to be electronic cannot be, by invoice id."""
    wanted = [invoice for invoice in invoices if is_electronic(invoice)]
    return electronic().refusals(wanted) if wanted else {}


def check_expressible(why: str | None) -> None:
    """Refuse an invoice that cannot be expressed."""
    if why:
        raise NotExpressible(why)
