"""What items are matched to on a basis: the references of the others, and what was credited and paid."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from billing_engine.core.money import ZERO
from billing_engine.core.read_replica import few_rows_of
from receivables.domain.ledger.open_items import Basis
from receivables.models import LedgerDocument

Kind = LedgerDocument.Kind


def matched_to(basis: Basis, credits_: Sequence[int]) -> dict[int, list[str]]:
    """Return what credit items are matched to on the basis, by the other's reference."""
    found = defaultdict[int, list[str]](list)
    for credit, _, reference, _ in _sums(basis, "credit", "debit", credits_):
        found[credit].append(reference)
    return found


def used_of(basis: Basis, debits: Sequence[int]) -> dict[int, tuple[Decimal, Decimal]]:
    """Return what was credited and what was paid of debit items, on the basis."""
    found = defaultdict[int, tuple[Decimal, Decimal]](lambda: (ZERO, ZERO))
    for debit, kind, _, amount in _sums(basis, "debit", "credit", debits):
        credited, paid = found[debit]
        found[debit] = (credited, paid + amount) if kind == Kind.PAYMENT else (credited + amount, paid)
    return found


def _sums(basis: Basis, side: str, other: str, items: Sequence[int]) -> list[tuple[int, str, str, Decimal]]:
    """Return item, the other's kind and reference, and what is matched between them; pairs taken back are left out."""
    sql = f"""
        SELECT allocation.{side}_id, other.kind, other.reference, sum(allocation.amount)
          FROM receivables_allocation allocation
          JOIN receivables_ledgerdocument other ON other.id = allocation.{other}_id
         WHERE allocation.{side}_id = ANY(%(items)s) AND {basis.counts("allocation")}
         GROUP BY allocation.{side}_id, other.id HAVING sum(allocation.amount) > 0 ORDER BY allocation.{side}_id, other.id
    """  # noqa: S608 -- conditions of our own
    return [(row[0], row[1], row[2], row[3]) for row in few_rows_of(sql, basis.parameters | {"items": list(items)})]
