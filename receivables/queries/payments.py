"""What the pages of payments and bank files show."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Case, Count, IntegerField, OuterRef, QuerySet, Subquery, Sum, Value, When

from billing_engine.core import money
from receivables.domain.ledger.items import LEFT, with_left
from receivables.models import Allocation, BankFile, BankRow, BankStatement, LedgerDocument, Payment

SURE = ("certain", "likely", "possible", "")


@dataclass(frozen=True, slots=True)
class Matched:
    """An allocation as the page of a payment shows it: the other item, the sum, and since when."""

    allocation: int
    item: LedgerDocument
    amount: str
    on: date
    is_back: bool


def with_unapplied(payments: QuerySet[Payment]) -> QuerySet[Payment]:
    """The payments, each with what its document has `left`."""
    items = with_left(LedgerDocument.objects.filter(pk=OuterRef("document"))).values(LEFT)
    return payments.annotate(left=Subquery(items))


def matches_of(document: LedgerDocument) -> list[Matched]:
    """Every allocation of an item, latest first, with those that were taken back."""
    is_credit = document.side == LedgerDocument.Side.CREDIT
    side = {"credit" if is_credit else "debit": document}
    related = ("credit__invoice", "credit__payment", "debit__invoice", "debit__payment", "taken_back_by")
    found = Allocation.objects.filter(**side, takes_back=None).order_by("-pk").select_related(*related)
    return [
        Matched(
            each.pk,
            each.debit if is_credit else each.credit,
            money.in_words(each.amount, document.currency),
            each.posted_on,
            hasattr(each, "taken_back_by"),
        )
        for each in found
    ]


def sums_of(file: BankFile) -> list[dict[str, object]]:
    """The open rows of a file with money that came in, by how sure the match is; surest first."""
    sure = Case(
        *(When(certainty=each, then=Value(place)) for place, each in enumerate(SURE)), output_field=IntegerField()
    )
    rows = BankRow.objects.filter(statement__file=file, state="open", amount__gt=0)
    found = (
        rows.annotate(sure=sure)
        .values("certainty", "currency", "sure")
        .annotate(rows=Count("pk"), amount=Sum("amount"))
    )
    return [
        {
            "certainty": each["certainty"],
            "name": BankRow.Certainty(each["certainty"]).label,
            "rows": each["rows"],
            "amount": money.in_words(each["amount"], each["currency"]),
        }
        for each in found.order_by("sure", "currency")
    ]


def rows_to_show(file: BankFile, most: int) -> list[BankRow]:
    """The first rows of a file, with what they became."""
    rows = BankRow.objects.filter(statement__file=file).select_related("customer", "document", "statement")
    return list(rows.order_by("statement", "place")[:most])


def counts_of(file: BankFile) -> dict[str, int]:
    """How many rows are open, booked and set aside."""
    found = BankRow.objects.filter(statement__file=file).values_list("state").annotate(rows=Count("pk"))
    counts = dict(found.order_by("state"))
    return {state: counts.get(state, 0) for state in BankRow.State.values} | {"all": sum(counts.values())}


def gaps_before(file: BankFile) -> list[str]:
    """Say which statements are missing before those of the file, by the bank's own count."""
    told = []
    for each in file.statements.filter(sequence__isnull=False, is_live=True).select_related("account").order_by("pk"):
        of_account = BankStatement.objects.filter(account=each.account_id, is_live=True)
        before = of_account.filter(sequence__lt=each.sequence).order_by("-sequence").first()
        if before is not None and before.sequence and each.sequence and before.sequence + 1 < each.sequence:
            missing = each.sequence - before.sequence - 1
            which = f"Statement {before.sequence + 1} is" if missing == 1 else f"{missing:,} statements are"
            told.append(f"{which} missing: of {each.account}, number {each.sequence} follows {before.sequence}.")
    return told
