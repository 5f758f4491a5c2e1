"""Hand a claimed email to the mail server: one message to all, or one to each who can stop it with a click."""

from collections.abc import Sequence

from billing_engine.core.letters.brand import Brand
from billing_engine.core.letters.letter import Letter, letter_of, message_of
from invoices.domain.mail.server import DeliveryResult, hand_over, sends_email
from leads.domain.memberships.emails import Reader, money_notes, stop_headers, topic_notes
from leads.models import Customer, EmailTopic
from receivables.models.paper import ClaimedMail

File = tuple[str, bytes]


def claimed_letter(customer: Customer, subject: str, body: str, *, brand: Brand, reader: Reader | None) -> Letter:
    """Return the email with its foot; `reader` is who can switch it off, None if it is about money owed."""
    notes = topic_notes(reader, brand) if reader else money_notes(customer, brand)
    return letter_of(subject, body, brand=brand, notes=notes)


def handed(mail: ClaimedMail, *, brand: Brand, topic: EmailTopic | None, file: File | None) -> DeliveryResult | None:
    """Return the server's replies; None if there is no mail server and it is only recorded."""
    pending = mail.pending_addresses
    found = list[DeliveryResult]()
    for to in [[each] for each in pending] if topic else [pending]:
        reader = Reader(mail.customer, to[0], topic) if topic else None
        letter = claimed_letter(mail.customer, mail.subject, mail.body, brand=brand, reader=reader)
        headers = {"Message-ID": mail.message_id, **(stop_headers(reader) if reader else {})}
        message = message_of(letter, to=to, headers=headers, file=file)
        if sends_email():
            found.append(hand_over(message, to=to))
            if found[-1].in_doubt:  # the others wait for the person who decides
                break
        else:
            message.send()
    return _together(found) if sends_email() else None


def _together(results: Sequence[DeliveryResult]) -> DeliveryResult:
    return DeliveryResult(
        accepted=tuple(address for each in results for address in each.accepted),
        rejected={address: reply for each in results for address, reply in each.rejected.items()},
        reason=next((each.reason for each in results if each.reason), ""),
        in_doubt=any(each.in_doubt for each in results),
    )
