"""Send reminders: what a customer owes is read again under the claim, just before the email leaves with its letter."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Model, QuerySet

from billing_engine.core import money
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.letters.brand import Brand
from leads.domain.brand import brand_of_seller
from leads.models import Customer
from receivables.domain.papers.claimed import ClaimedMails, Written
from receivables.domain.reminders.letter import letter_of
from receivables.domain.reminders.owed import Due, owed_by
from receivables.domain.reminders.paper import paper_of
from receivables.models import Paper, Reminder, ReminderItem, ReminderSchedule


class Reminders(ClaimedMails[Reminder]):
    """The queue of reminders to send."""

    task = "receivables.remind"
    kind = Paper.Kind.REMINDER
    sent = Verb("reminder_sent", "Reminder sent")
    not_sent = Verb("reminder_not_sent", "Reminder not sent")
    nothing = "Nothing to remind of: it was paid, credited, disputed or paused."

    def waiting(self) -> QuerySet[Reminder]:
        return Reminder.objects.waiting().filter(run__stopped_at=None).select_related("customer", "run__seller")

    def written(self, mail: Reminder, *, at: datetime) -> Written | None:
        owed = next(owed_by(mail.run.seller, at=at, customers=[mail.customer_id]), None)
        if owed is None:
            return None
        schedule = ReminderSchedule.objects.prefetch_related("texts").get(seller=mail.run.seller, level=mail.level)
        if any(item.is_due for item in owed.items) != (schedule.days >= 0):  # what it was about is settled
            return None
        day = mail.customer.day_of(at)
        terms = mail.customer.terms.on(day)
        with money.read_in(terms.locale):
            subject, body = letter_of(owed, schedule, at=at)
            source = paper_of(owed, schedule, at=at).as_data()
        name = f"reminder-{mail.customer.code}-{day}"
        return Written(subject, body, terms.billing_contacts, source, name, about=owed.items)

    def brand(self, mail: Reminder) -> Brand:
        return brand_of_seller(mail.run.seller, mail.customer.today)

    def is_still_true(self, mail: Reminder, written: Written, *, at: datetime) -> bool:
        """Read what is owed once more, while no payment and no other reminder of this customer can come between."""
        if written.about is None:  # the other addresses get what the first ones have
            return True
        list(Customer.objects.select_for_update(no_key=True).filter(pk=mail.customer_id).values_list("pk"))
        owed = next(owed_by(mail.run.seller, at=at, customers=[mail.customer_id]), None)
        return owed is not None and _facts(owed.items) == _facts(written.about)

    def kept(self, mail: Reminder, written: Written) -> None:
        """Keep each invoice with its level and amount."""
        if written.about is None:
            return
        ReminderItem.objects.filter(reminder=mail).delete()
        ReminderItem.objects.bulk_create(
            ReminderItem(reminder=mail, document=item.document, level=item.level, amount=item.to_pay)
            for item in written.about
        )

    def touches(self, mail: Reminder) -> Sequence[Model]:
        return [mail.customer, mail.run]


REMINDERS = Reminders()


def _facts(items: Sequence[Due]) -> list[tuple[int, int, Decimal]]:
    return [(item.document.pk, item.level, item.to_pay) for item in items]
