"""Payouts: Stripe hands over what it holds, less its fees. Each customer's part of a payout is a document."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from billing_engine.core import money
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from leads.models import Customer
from receivables.domain.ledger.post import Account, Part, post
from receivables.domain.online.effect import BACK, Effect, NotPlaced, Run
from receivables.domain.online.minor_units import from_minor
from receivables.domain.online.provider import Line
from receivables.domain.payments.posting_day import check_day
from receivables.models import LedgerDocument, OnlineMovement, Posting

PAID_OUT = Verb("online_payout_booked", "Payout booked")
PAYOUT_FAILED = Verb("online_payout_failed", "Payout failed")

Kind = OnlineMovement.Kind
PAYMENTS = ("charge", "payment")
Days = dict[int, date]  # by customer
FAILED = ("payout_failure", "payout_cancel")


@dataclass(slots=True)
class Share:
    """One customer's part of a payout: what reached the bank, and the fees that were not known before."""

    cash: Decimal = money.ZERO
    fees: Decimal = money.ZERO
    movements: list[OnlineMovement] = field(default_factory=list)

    def add(self, movement: OnlineMovement, amount: Decimal, fee: Decimal) -> None:
        """Add a movement with its sum and fee at Stripe."""
        self.cash += amount - fee
        self.fees += fee - movement.fee
        self.movements.append(movement)

    @property
    def parts(self) -> list[Part]:
        """What is posted."""
        moved = {
            Account.CASH: self.cash,
            Account.FEES: self.fees,
            Account.TRANSIT: -self.cash - self.fees,
        }
        return [Part(account, amount) for account, amount in moved.items() if amount]


def paid_out(run: Run) -> Effect:
    """Move what a payout consists of from money in transit to cash."""
    payout, currency = run.told.text("id"), run.told.currency
    if run.asked.refusal:
        raise run.asked.refusal
    if not run.asked.lines:
        raise NotPlaced("Stripe does not say what it consists of: it was made by hand, not on a schedule.")
    days = _locked(run, (each.document for found in _movements_of(run.asked.lines) for each in found))
    shares, others, is_known = _shares(run.asked.lines, currency)
    made = [_book(run, payout, share, days) for share in shares]
    if not made and not is_known:
        raise NotPlaced("None of its payments is in the ledger.")
    if made:
        record(PAID_OUT, on=made[0], by=run.by, also=made[1:], after={"payout": payout, "documents": len(made)})
    first = made[0] if made else None
    if not others:
        return Effect(first)
    sums = [from_minor(line.amount - line.fee, currency) for line in others if line.currency == currency]
    words = money.in_words(sum(sums, money.ZERO), currency)
    lines = f"{len(others):,} {'movement' if len(others) == 1 else 'movements'}"
    return Effect(first, f"{words} of it is not of payments in the ledger: {lines}.", is_partly=True)


def payout_failed(run: Run) -> Effect:
    """The bank sent it back: it is money in transit again."""
    payout = run.told.text("id")
    days = _locked(run, (each.document for each in _of_payout(payout).select_related("document__customer")))
    found = _of_payout(payout).filter(undone_by=None).select_related("document").order_by("pk")
    made = [_book_back(run, each, days) for each in found]
    if made:
        record(PAYOUT_FAILED, on=made[0], by=run.by, also=made[1:], after={"payout": payout, "documents": len(made)})
    return Effect(made[0] if made else None, "" if made else "Nothing of it was booked.")


def _locked(run: Run, documents: Iterable[LedgerDocument]) -> Days:
    """Lock the months and then the customers, each in one order; return each customer's day."""
    customers = sorted({each.customer for each in documents}, key=lambda customer: customer.pk)
    days = {each.pk: check_day(each.day_of(run.at), each, at=run.at) for each in customers}
    list(Customer.objects.select_for_update(no_key=True).filter(pk__in=days).order_by("pk"))
    return days


def _shares(lines: Sequence[Line], currency: str) -> tuple[list[Share], list[Line], bool]:
    """Each customer's share, the lines that belong to nothing here, and whether anything is known that was paid out before."""
    shares, others, is_known = defaultdict[tuple[int, int | None], Share](Share), list[Line](), False
    for line, found in zip(lines, _movements_of(lines), strict=True):
        alike = all(each.document.currency == currency == line.currency for each in found)
        if not found or not alike:
            others.append(line)
            continue
        is_known = True
        for movement in found:
            if movement.paid_out_by_id is None:
                amount, fee = _at_stripe(line, movement)
                share = shares[movement.document.customer_id, movement.document.seller_id]
                share.add(movement, amount, fee)
    return [shares[key] for key in sorted(shares, key=lambda key: (key[0], key[1] or 0))], others, is_known


def _movements_of(lines: Sequence[Line]) -> list[list[OnlineMovement]]:
    """What each line of a payout is in the ledger."""
    rows = OnlineMovement.objects.select_related("document__customer")
    booked = {each.external_id: each for each in rows.filter(external_id__in=[_key(line) for line in lines])}
    found = [[booked[key]] if (key := _key(line)) in booked else [] for line in lines]
    for place, line in enumerate(lines):
        if line.kind in FAILED:
            of_payout = rows.filter(external_id__startswith=f"{line.source}:", external_id__endswith=BACK)
            found[place] = list(of_payout.order_by("pk"))
    return found


def _key(line: Line) -> str:
    """The ID under which a line is in the ledger."""
    if line.kind in PAYMENTS:
        return line.payment_intent
    return line.source + BACK if line.amount > 0 else line.source


def _at_stripe(line: Line, movement: OnlineMovement) -> tuple[Decimal, Decimal]:
    """The sum and the fee of a movement; what a failed payout gave back is the sum of what it was booked for."""
    if line.kind in FAILED:
        postings = Posting.objects.filter(document=movement.document, account=Account.CASH)
        return -sum((each.amount for each in postings), money.ZERO), money.ZERO
    return from_minor(line.amount, line.currency), from_minor(line.fee, line.currency)


def _of_payout(payout: str) -> QuerySet[OnlineMovement]:
    return OnlineMovement.objects.filter(kind=Kind.PAYOUT, external_id__startswith=f"{payout}:", undoes=None)


def _book(run: Run, payout: str, share: Share, days: Days) -> LedgerDocument:
    like = share.movements[0].document
    document = _post(run, like, share.parts, amount=abs(share.cash), reference=payout, on=days[like.customer_id])
    number = _of_payout(payout).count() + 1
    movement = OnlineMovement.objects.create(
        kind=Kind.PAYOUT, external_id=f"{payout}:{number}", document=document, fee=share.fees
    )
    OnlineMovement.objects.filter(pk__in=[each.pk for each in share.movements]).update(paid_out_by=movement)
    return document


def _book_back(run: Run, movement: OnlineMovement, days: Days) -> LedgerDocument:
    """The cash goes back to money in transit; the fees were kept."""
    like = movement.document
    cash = sum((each.amount for each in like.postings.filter(account=Account.CASH)), money.ZERO)
    parts = [Part(Account.CASH, -cash), Part(Account.TRANSIT, cash)] if cash else []
    reference = f"{like.reference} failed"
    document = _post(run, like, parts, amount=abs(cash), reference=reference, on=days[like.customer_id])
    OnlineMovement.objects.create(
        kind=Kind.PAYOUT, external_id=movement.external_id + BACK, document=document, undoes=movement
    )
    return document


def _post(
    run: Run, like: LedgerDocument, parts: list[Part], *, amount: Decimal, reference: str, on: date
) -> LedgerDocument:
    document = LedgerDocument(
        kind=LedgerDocument.Kind.PAYOUT,
        customer_id=like.customer_id,
        seller_id=like.seller_id,
        currency=like.currency,
        amount=amount,
        reference=reference,
        posted_on=on,
        recorded_at=run.at,
        recorded_by=run.by,
    )
    return post([(document, parts)])[0]
