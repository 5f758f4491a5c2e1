"""The books that are kept of what is issued and voided; the app that keeps them registers here, because it is above."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from invoices.models import Invoice
from leads.models import Action, Customer

CreditKey = tuple[int, str, int | None]  # a customer, a currency and a seller; None: the seller in the settings
Balances = Mapping[CreditKey, Decimal]


@dataclass(frozen=True, slots=True)
class OpenSum:
    """The open invoices in one currency, those past due apart: how many, what they have left, and their totals."""

    currency: str
    is_overdue: bool
    invoices: int
    left: Decimal
    total: Decimal


class Books(ABC):
    """What the books do, in the same transaction as the step that they record."""

    @abstractmethod
    def issued(self, invoices: Sequence[Invoice], *, at: datetime) -> None:
        """Post issued invoices, and match the credit that each uses."""

    @abstractmethod
    def check_voidable(self, invoice: Invoice) -> None:
        """Refuse a void that the books can't follow, such as one of an invoice that is credited in part."""

    @abstractmethod
    def uncredited(self, actions: "QuerySet[Action]") -> "QuerySet[Action]":
        """Return those of the charged actions that no issued credit note names, and no credit line of an issued invoice."""

    @abstractmethod
    def check_credit_lines(self, invoice: Invoice, by: User) -> None:
        """Refuse a person who may not approve the credit lines of a draft."""

    @abstractmethod
    def voided(self, invoice: Invoice, *, at: datetime) -> None:
        """Post a void and match it to its invoice; what was matched to the invoice is free again."""

    @abstractmethod
    def credit(self, customers: Collection[int]) -> Balances:
        """Return the credit that these customers have left on issued documents."""

    @abstractmethod
    def with_credit(self, customers: Collection[int]) -> QuerySet[Customer]:
        """Return those of the customers that have credit, or had some."""

    @abstractmethod
    def users_of(self, invoice: Invoice) -> Sequence[tuple[Invoice, Decimal]]:
        """Return the issued invoices that use credit of this one, the latest first, and how much."""

    @abstractmethod
    def left_of(self, invoices: Collection[int]) -> Mapping[int, Decimal]:
        """Return what each of these issued invoices has left."""

    @abstractmethod
    def open_sums(self, *, at: datetime) -> Sequence[OpenSum]:
        """Return what all open invoices have left, by currency."""

    @abstractmethod
    def open_invoices(self, *, at: datetime, is_overdue: bool | None = None) -> Q:
        """Return the condition that an invoice has something left; and is past due, or is not."""

    @abstractmethod
    def dispute_windows(self) -> Sequence[Mapping[str, Any]]:
        """Return the reasons for disputes that have a window of their own: `code`, `name` and `days`."""


_kept: list[Books] = []


def keep_books(books: Books) -> None:
    """Register the books; done once, when the apps are loaded."""
    _kept[:] = [books]


def books() -> Books:
    """The books of this engine."""
    return _kept[0]
