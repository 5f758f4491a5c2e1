"""Tell the customer's people of the steps of a dispute by email: what happened, in the words of the step."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from billing_engine.core import money
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.counts import count_in_words
from billing_engine.core.letters.parts import Button, Part, Sentences, facts
from leads.domain.memberships.addresses import portal_address
from leads.models import EmailTopic
from receivables.domain.topic_emails.sending import Composed, tell
from receivables.models import CreditNote, Dispute, DisputeStep, LedgerDocument, TopicEmail

Kind = DisputeStep.Kind
UNTIL_DECIDED = (Kind.OPENED, Kind.ASKED, Kind.SECOND_LOOK)  # these say what is to come
RELATED = ("dispute__customer", "dispute__period__customer", "dispute__invoice", "dispute__reason")
Write = Callable[[Dispute, DisputeStep], tuple[str, list[Part]]]


def tell_of(step: DisputeStep) -> None:
    """Request the emails about a step, if people hear of such a step."""
    if step.kind in LETTERS:
        dispute = step.dispute
        tell(dispute.customer, EmailTopic.DISPUTES, about=step.pk, at=step.at, also=_openers(dispute))


def composed(mail: TopicEmail) -> Composed | None:
    """Write the email about a step; None if the dispute was settled before it said what is to come."""
    step = DisputeStep.objects.select_related(*RELATED).get(pk=mail.about)
    if step.kind in UNTIL_DECIDED and not step.dispute.is_undecided:
        return None
    return written_of(step)


def written_of(step: DisputeStep) -> Composed:
    """Write the email about a step."""
    dispute, kind = step.dispute, Kind(step.kind)
    subject, parts = LETTERS[kind](dispute, step)
    address = portal_address(dispute.customer, "dispute", dispute)
    button = [Button("Answer" if kind == Kind.ASKED else "See the dispute", address)] if address else []
    return Composed(subject, [*parts, *button], also=_openers(dispute))


def _openers(dispute: Dispute) -> list[str]:
    """The contact who opened it, who is told even if they have no log-in."""
    return [dispute.contact] if dispute.contact else []


def _opened(dispute: Dispute, _: DisputeStep) -> tuple[str, list[Part]]:
    count = dispute.charges.count()
    what = f"{count_in_words(count)} charge{'s' * (count != 1)}" if count else "a line"
    of = f"invoice {dispute.invoice.number}" if dispute.invoice else dispute.period.in_words
    aside = "Until then you need not pay it, and we don’t remind you of it." if dispute.invoice else ""
    by = day_in_words(dispute.decide_by)
    return f"Dispute {dispute} received: {dispute.total_in_words}", [
        Sentences(f"We received your dispute of {what} of {of}, and decide it by {by}. {aside}".strip()),
        facts(("Reason", dispute.reason.name), ("Disputed", dispute.total_in_words), ("We decide by", by)),
    ]


def _asked(dispute: Dispute, step: DisputeStep) -> tuple[str, list[Part]]:
    return f"Dispute {dispute}: we need more from you", [
        *_words(step),
        Sentences("The clock stands still until you answer, with words or files."),
        facts(("Reason", dispute.reason.name), ("Disputed", dispute.total_in_words)),
    ]


def _accepted(dispute: Dispute, step: DisputeStep) -> tuple[str, list[Part]]:
    return f"Dispute {dispute} accepted: {dispute.total_in_words}", [
        *_words(step),
        facts(("Reason", dispute.reason.name), ("Accepted", dispute.total_in_words)),
        *_settled(dispute),
    ]


def _in_part(dispute: Dispute, step: DisputeStep) -> tuple[str, list[Part]]:
    shares = list(dispute.charges.values_list("is_accepted", "amount"))
    accepted = sum((amount for is_accepted, amount in shares if is_accepted), Decimal(0))
    stays = dispute.rejected(accepted)
    count = sum(bool(is_accepted) for is_accepted, _ in shares)
    return f"Dispute {dispute} decided: {count_in_words(count)} of {count_in_words(len(shares))} charges accepted", [
        *_words(step),
        facts(
            ("Reason", dispute.reason.name),
            ("Accepted", money.in_words(dispute.total - stays, dispute.currency)),
            ("Not accepted, stays", money.in_words(stays, dispute.currency)),
            *_due_again(dispute),
        ),
        *_settled(dispute),
    ]


def _rejected(dispute: Dispute, step: DisputeStep) -> tuple[str, list[Part]]:
    again = [Sentences("You can ask once for another person to look at it again.")]
    return f"Dispute {dispute} not accepted", [
        *_words(step),
        facts(
            ("Reason", dispute.reason.name),
            ("Not accepted, stays", dispute.total_in_words),
            *_due_again(dispute),
        ),
        *(again if dispute.second_look_at is None else []),
    ]


def _second_look(dispute: Dispute, _: DisputeStep) -> tuple[str, list[Part]]:
    by = day_in_words(dispute.decide_by)
    return f"Dispute {dispute}: another person looks at it again", [
        Sentences(f"You asked for a second look. Another person decides by {by}, and that decision is final."),
        facts(("Reason", dispute.reason.name), ("Disputed", dispute.total_in_words), ("We decide by", by)),
    ]


def _words(step: DisputeStep) -> Iterator[Sentences]:
    """What was written to the customer, a paragraph each."""
    return (Sentences(each.strip()) for each in step.words.replace("\r\n", "\n").split("\n\n") if each.strip())


def _settled(dispute: Dispute) -> list[Part]:
    """How what was accepted is settled."""
    if dispute.invoice is None and not CreditNote.objects.filter(origin=dispute.number).exists():
        return [Sentences("What we accepted is not on your invoice.")]
    return [Sentences("You get a credit note for what we accepted, in an email of its own.")]


def _due_again(dispute: Dispute) -> list[tuple[str, str]]:
    """When what stays falls due, if there is an invoice."""
    due = LedgerDocument.objects.filter(invoice=dispute.invoice_id, kind=LedgerDocument.Kind.INVOICE).first()
    if dispute.invoice_id is None or due is None or due.due_on is None:
        return []
    return [("Due", day_in_words(dispute.due_again_on(due.due_on)))]


LETTERS: dict[str, Write] = {
    Kind.OPENED: _opened,
    Kind.ASKED: _asked,
    Kind.ACCEPTED: _accepted,
    Kind.ACCEPTED_IN_PART: _in_part,
    Kind.REJECTED: _rejected,
    Kind.SECOND_LOOK: _second_look,
}
