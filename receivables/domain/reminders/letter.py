"""What a reminder says: the text of its level and language, with the invoices and the totals."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Min

from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.deeds.record import record_saved
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import HasFaults, Refused
from billing_engine.core.money import in_words
from billing_engine.core.saving import save_changes
from billing_engine.core.validation import row_faults
from invoices.domain.wording import clean
from leads.domain.memberships.addresses import portal_address
from receivables.domain.online.links import pay_address
from receivables.domain.reminders.owed import Due, Owed
from receivables.models import LedgerDocument, Reminder, ReminderItem, ReminderSchedule, ReminderText

TEXT_SAVED = Verb("reminder_text_saved", "Text of a reminder saved")

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
# Paragraphs that its PDF says elsewhere: a list of the invoices, or a total or a name alone.
IN_THE_TABLE = re.compile(r"\{invoices\}|\{portal\}|^\{total\}[^.]{0,20}\.?$|^\{seller\}$")
DAYS_TO_PAY = 7
DEFAULT = "en"
NOTHING_CHARGED = "No fee and no interest is charged for this."
CLOSING = (
    "{invoices}\n\n{total} in all.\n\nPay online: {pay_online}\n\n"
    "See what is open: {portal}\n\nIf the payment is on its way, there is nothing to do."
    f" {NOTHING_CHARGED}\n\n{{seller}}"
)
# Subject and message.
BEFORE = ("Due on {due_on}: {total}", f"Hello {{customer}},\n\na note before the day:\n\n{CLOSING}")
OVERDUE = "{total} is overdue. Is something wrong with it? Tell us, and we stop reminding you of that part."
FIRST = ("Overdue since {due_on}: {total}", f"Hello {{customer}},\n\n{OVERDUE}\n\n{CLOSING}")
STILL = "{before} Please pay by {pay_by}, or tell us what holds it up. After that day, someone will call you."
LATER = ("Reminder: {total}, {days} days overdue", f"Hello {{customer}},\n\n{STILL}\n\n{CLOSING}")


class BadReminderText(Refused):
    """The text has an unknown placeholder."""

    code = "bad_reminder_text"
    http_status = 422


def pay_by(owed: Owed, at: datetime) -> str:
    """Return the day by which it is to be paid."""
    return day_in_words(owed.customer.day_of(at) + timedelta(days=DAYS_TO_PAY))


def first_told(owed: Owed) -> str:
    """Return the day of the first reminder of what is in this one; empty if this is the first."""
    told = ReminderItem.objects.filter(
        document__in=[item.document.pk for item in owed.items], reminder__in=Reminder.objects.told()
    ).aggregate(at=Min("reminder__claimed_at"))["at"]
    return day_in_words(owed.customer.day_of(told)) if told else ""


def _before(owed: Owed) -> str:
    day = first_told(owed)
    return f"We wrote on {day} and have heard nothing." if day else ""


Value = Callable[[Owed, datetime], str]
PLACEHOLDERS: dict[str, tuple[str, Value]] = {
    "customer": ("the customer’s name", lambda owed, _: owed.customer.name),
    "total": ("what is to be paid in all", lambda owed, _: _total(owed)),
    "invoices": ("the invoices, a line each", lambda owed, _: "\n".join(map(line_of, owed.items))),
    "due_on": ("the first due day", lambda owed, _: day_in_words(owed.items[0].due_on)),
    "days": ("days since the first due day", lambda owed, _: f"{max(owed.items[0].days, 0):,}"),
    "pay_by": (f"{DAYS_TO_PAY} days from today", pay_by),
    "pay_online": ("the address at which they are paid online, if that is on", lambda owed, _: _pay_online(owed)),
    "portal": (
        "the address of what is open in the portal, if the customer has people there",
        lambda owed, _: portal_address(owed.customer, "payments"),
    ),
    "before": ("that we wrote before, and when; nothing if we did not", lambda owed, _: _before(owed)),
    "seller": ("the company that sent the invoices", lambda owed, _: seller_of(owed)),
}


def letter_of(owed: Owed, schedule: ReminderSchedule, *, at: datetime) -> tuple[str, str]:
    """Return the subject and message, in the customer's language if the level has one in it."""
    subject, body = _text(owed, schedule, at)
    return clean(_filled(subject, owed, at)), f"{_filled(body, owed, at).strip()}\n"


def words_of(owed: Owed, schedule: ReminderSchedule, *, at: datetime) -> tuple[str, ...]:
    """Return the paragraphs of the message for its PDF, which has the invoices in a table and the names at its head."""
    _, body = _text(owed, schedule, at)
    paragraphs = [part for part in re.split(r"\n\s*\n", body.strip()) if not IN_THE_TABLE.search(part)]
    return tuple(filter(None, (" ".join(_filled(part, owed, at).split()) for part in paragraphs)))


def _text(owed: Owed, schedule: ReminderSchedule, at: datetime) -> tuple[str, str]:
    terms = owed.customer.terms.on(owed.customer.day_of(at))
    texts = {text.language: text for text in schedule.texts.all()}
    found = texts.get(terms.locale[:2]) or texts.get(DEFAULT)
    return (found.subject, found.body) if found else standard(schedule)


def standard(schedule: ReminderSchedule) -> tuple[str, str]:
    """Return the text of a level that has none of its own."""
    if schedule.days < 0:
        return BEFORE
    earlier = ReminderSchedule.objects.filter(seller=schedule.seller_id, level__lt=schedule.level, days__gte=0)
    return LATER if earlier.exists() else FIRST


def line_of(item: Due) -> str:
    """`INV-2026-000398, due November 1, 2026: $287.70`, and what was left out of it."""
    document, told = item.document, list[str]()
    for amount, words in ((item.disputed, "disputed and set aside"), (item.credit, "credit")):
        if amount:
            told.append(f"{in_words(amount, document.currency)} {words}")
    more = f" ({in_words(item.open, document.currency)} open; {'; '.join(told)})" if told else ""
    words = in_words(item.to_pay, document.currency)
    return f"{document.reference}, due {day_in_words(item.due_on)}: {words}{more}"


def seller_of(owed: Owed) -> str:
    """Return the name of the company that sent the invoices."""
    seller = owed.items[0].document.seller
    return seller.name if seller else str(settings.SELLER["name"])


@transaction.atomic
def save_text(schedule: ReminderSchedule, language: str, subject: str, body: str, *, by: User) -> ReminderText:
    """Save the text of a level in a language. Raises BadReminderText, or HasFaults if it is too long."""
    for words in (subject, body):
        check_text(words)
    stored = ReminderText.objects.filter(schedule=schedule, language=language).first()
    text = ReminderText.objects.get(pk=stored.pk) if stored else ReminderText(schedule=schedule, language=language)
    text.subject, text.body = clean(subject), body.replace("\r\n", "\n")
    if faults := row_faults(text):
        raise HasFaults(faults)
    save_changes(text, since=stored)
    record_saved(TEXT_SAVED, on=text, stored=stored, by=by, also=[schedule])
    return text


def check_text(words: str) -> None:
    """Raise BadReminderText if it has an unknown placeholder or a stray brace."""
    valid = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    unknown = sorted({name for name in PLACEHOLDER.findall(words) if name not in PLACEHOLDERS})
    if unknown:
        names = ", ".join(f"{{{name}}}" for name in unknown)
        raise BadReminderText(f"Unknown: {names}. Valid names: {valid}.")
    if re.search(r"[{}]", PLACEHOLDER.sub("", words)):
        raise BadReminderText("A brace is unmatched. Write a name between two braces, such as {total}.")


def _filled(words: str, owed: Owed, at: datetime) -> str:
    """Fill in the values; a line whose placeholders are all empty is left out, with the blank line after it."""
    values = {name: PLACEHOLDERS[name][1](owed, at) for name in PLACEHOLDER.findall(words)}
    lines = [line for line in words.split("\n") if _says_something(PLACEHOLDER.findall(line), values)]
    return re.sub(r"\n{3,}", "\n\n", PLACEHOLDER.sub(lambda found: values[found[1]], "\n".join(lines)))


def _says_something(names: Sequence[str], values: Mapping[str, str]) -> bool:
    return not names or any(values[name] for name in names)


def _pay_online(owed: Owed) -> str:
    """An address for each currency."""
    by_currency = defaultdict[str, list[LedgerDocument]](list)
    for item in owed.items:
        by_currency[item.document.currency].append(item.document)
    return "\n".join(filter(None, (pay_address(items) for _, items in sorted(by_currency.items()))))


def _total(owed: Owed) -> str:
    return " and ".join(in_words(amount, currency) for currency, amount in sorted(owed.totals().items()))
