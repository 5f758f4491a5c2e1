"""Opening: what may be disputed, until when, for which amount, and what the quota does."""

from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256

import pytest
from django.contrib.auth.models import User

from billing_engine.core.models import Deed
from invoices.domain.document.content import content_of
from pricing.domain.rate.rate import rate
from receivables.domain.disputes.conversation import withdraw
from receivables.domain.disputes.evidence import Evidence, EvidenceHasFaults
from receivables.domain.disputes.opening import DisputeHasFaults, open_dispute
from receivables.domain.disputes.quota import quota_of
from receivables.domain.disputes.subject import (
    DisputedBefore,
    NotDisputable,
    Subject,
    subject_of_charges,
    subject_of_line,
)
from receivables.domain.disputes.windows import WindowIsClosed, decide_by, window_of, working_days_after
from receivables.models import Dispute, DisputedCharge, DisputeFile, DisputeStep
from tests.invoices.made import NOVEMBER_3, a_draft, a_price, an_open_period, billed, issued, received
from tests.receivables.disputes.made import CONTACT, NOVEMBER_10, a_dispute, a_reason, charges_of, line_of, of_charges

pytestmark = pytest.mark.django_db
PDF = Evidence("bounce.pdf", b"%PDF-1.7 bounced")


def test_a_whole_line_is_disputed_with_its_charges_and_its_tax(frank: User) -> None:
    period = an_open_period(tax_rate=7)
    a_price("3.333333")
    received(period, 1, 1, 1)
    dispute = a_dispute(issued(billed(period), frank))

    assert (dispute.amount, dispute.tax, dispute.state, dispute.contact) == (
        Decimal(10),
        Decimal("0.7"),
        "open",
        CONTACT.contact,
    )
    # The cents of the line's rounding are shared out as in the detail of the invoice.
    assert [str(each.amount.normalize()) for each in dispute.charges.order_by("action")] == ["3.34", "3.33", "3.33"]
    [step] = dispute.steps.all()
    assert (step.kind, step.words, step.contact, step.by) == ("opened", "They bounced.", CONTACT.contact, None)
    deed = Deed.objects.get(verb="dispute_opened")
    assert (deed.actor_name, deed.after["charges"]) == (str(period.customer), 3)


def test_chosen_charges_are_disputed_for_exactly_their_shares(frank: User) -> None:
    period = an_open_period()
    a_price("3.333333")
    received(period, 1, 1, 1)
    issued(billed(period), frank)

    first, rest = a_dispute(of_charges(period, 0)), of_charges(period, 1, 2)

    assert (first.amount, rest.amount) == (Decimal("3.34"), Decimal("6.66"))


def test_charges_of_an_open_period_are_disputed_before_the_invoice(frank: User) -> None:
    period = an_open_period()
    a_price()
    received(period, 2, 4)
    rate(period, at=NOVEMBER_3)

    dispute = a_dispute(of_charges(period, 1), by=frank)

    assert (dispute.invoice, dispute.amount, dispute.opened_by, dispute.contact) == (None, Decimal(10), frank, "")


def test_what_is_not_charged_or_not_issued_can_not_be_disputed(frank: User) -> None:
    draft = a_draft(3)
    action = charges_of(draft.period)

    with pytest.raises(NotDisputable, match="is draft"):
        subject_of_charges(action)
    with pytest.raises(NotDisputable, match="is draft"):
        subject_of_line(line_of(draft))
    with pytest.raises(NotDisputable, match="not charged"):
        subject_of_charges([*action, 999])
    with pytest.raises(NotDisputable, match="Choose the charges"):
        subject_of_charges([])
    assert not Dispute.objects.exists()


def test_a_charge_is_disputed_once_but_again_after_it_was_withdrawn(frank: User) -> None:
    invoice = issued(a_draft(3, 5), frank)
    dispute = a_dispute(of_charges(invoice.period, 0))

    with pytest.raises(DisputedBefore, match=f"{dispute.number} .open"):
        a_dispute(invoice)
    assert (Dispute.objects.count(), DisputedCharge.objects.count()) == (1, 1)

    withdraw(dispute, words="Found them.", by=CONTACT, at=NOVEMBER_10)
    assert a_dispute(invoice).amount == Decimal(20)


@pytest.mark.parametrize(
    ("own", "of_reason", "last"),
    [
        (30, None, date(2026, 12, 3)),
        (30, 14, date(2026, 11, 17)),
        (10, 14, date(2026, 11, 13)),
        (0, 14, date(2026, 11, 3)),
    ],
)
def test_a_window_counts_from_issue_and_the_customers_own_is_the_upper_bound(
    own: int, of_reason: int | None, last: date, frank: User
) -> None:
    reason = a_reason(window_days=of_reason)
    invoice = issued(a_draft(3, dispute_days=own), frank)
    a_reason(window_days=1)  # what is issued keeps its windows

    assert window_of(invoice, reason) == last


def test_the_paper_says_which_reasons_end_earlier(frank: User) -> None:
    a_reason(window_days=7)
    a_reason("spam_or_bot", window_days=7)
    a_reason("test", window_days=60)  # longer than the customer's own
    draft = a_draft(3)

    assert "Within 7 days of issue for: invalid contact, spam or bot." in content_of(draft).questions
    assert "Until November 10, 2026 for: invalid contact, spam or bot." in content_of(issued(draft, frank)).questions


def test_the_last_day_ends_at_midnight_in_the_customers_zone(frank: User) -> None:
    reason = a_reason(window_days=7)
    invoice = issued(a_draft(3, 4, time_zone="America/Chicago"), frank)  # issued on November 3 there
    before = datetime(2026, 11, 11, 5, 59, 59, tzinfo=UTC)  # 23:59:59 on November 10
    after = datetime(2026, 11, 11, 6, tzinfo=UTC)

    with pytest.raises(WindowIsClosed, match="until November 10, 2026"):
        a_dispute(of_charges(invoice.period, 0), at=after, reason=reason)
    assert not Dispute.objects.exists()
    assert a_dispute(of_charges(invoice.period, 0), at=before, reason=reason).state == "open"
    # A reason that is ours has no window.
    assert a_dispute(of_charges(invoice.period, 1), at=after, reason=a_reason("goodwill"), by=frank).state == "open"


def test_customers_give_only_their_reasons_and_nobody_an_inactive_one(frank: User) -> None:
    invoice = issued(a_draft(3), frank)

    with pytest.raises(DisputeHasFaults, match="customers can give"):
        a_dispute(invoice, reason=a_reason("goodwill"))
    with pytest.raises(DisputeHasFaults, match="no longer used"):
        a_dispute(invoice, reason=a_reason(is_active=False), by=frank)
    assert not Dispute.objects.exists()


def test_above_the_quota_a_dispute_is_opened_and_takes_a_second_person_and_longer(frank: User) -> None:
    period = an_open_period(dispute_quota=Decimal(50))
    a_price()
    received(period, 4, 1, 3)  # 10.00, 2.50, 7.50: half of it is 10.00
    issued(billed(period), frank)

    exactly = a_dispute(of_charges(period, 0))
    quota = quota_of(period)
    above = a_dispute(of_charges(period, 1))

    assert (quota.limit, quota.used, quota.in_words()) == (Decimal(10), Decimal(10), "$10.00 of $10.00")
    assert (exactly.over_quota, above.over_quota) == (False, True)
    assert (exactly.decide_by, above.decide_by) == (date(2026, 11, 24), date(2026, 12, 1))


def test_with_a_share_and_a_sum_the_lower_one_is_the_quota(frank: User) -> None:
    period = an_open_period(dispute_quota=Decimal(50), dispute_quota_sum=Decimal(4))
    a_price()
    received(period, 4)
    invoice = issued(billed(period), frank)

    assert quota_of(invoice.period).limit == Decimal(4)


def test_working_days_skip_weekends() -> None:
    friday = date(2026, 11, 6)
    assert [working_days_after(friday, count) for count in (0, 1, 5, 6)] == [
        friday,
        date(2026, 11, 9),
        date(2026, 11, 13),
        date(2026, 11, 16),
    ]
    reason = a_reason(decide_within_days=2)
    assert decide_by(reason, on=friday, over_quota=False) == date(2026, 11, 10)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ([Evidence("virus.exe", b"MZ")], "send PDF"),
        ([Evidence("../a.txt", b"a")], "characters that no file name has"),
        ([Evidence("a\r\nX: b.txt", b"a")], "characters that no file name has"),
        ([Evidence("a.pdf", b"MZ")], "not PDF"),
        ([Evidence("a.txt", b"a\0b")], "not TXT"),
        ([Evidence("a.txt", b"")], "empty"),
        ([Evidence("a.txt", b"a" * 10_000_001)], "10 MB"),
        ([Evidence(f"{n}.txt", b"a") for n in range(6)], "at most 5"),
    ],
)
def test_files_of_other_kinds_or_sizes_are_refused_and_nothing_is_opened(
    files: list[Evidence], says: str, frank: User
) -> None:
    subject = subject_of_line(line_of(issued(a_draft(3), frank)))

    with pytest.raises(EvidenceHasFaults, match=says):
        opened_with(subject, files)
    assert [model.objects.count() for model in (Dispute, DisputedCharge, DisputeStep, DisputeFile)] == [0, 0, 0, 0]


def test_files_are_kept_with_their_digest(frank: User) -> None:
    subject = subject_of_line(line_of(issued(a_draft(3), frank)))

    dispute = opened_with(subject, [PDF, PDF, Evidence("Words.TXT", b"They bounced.")])

    kept = [(file.name, file.content_type, file.size, bytes(file.content)) for file in files_of(dispute)]
    assert kept == [
        ("bounce.pdf", "application/pdf", 16, PDF.content),
        ("Words.TXT", "text/plain", 13, b"They bounced."),
    ]
    assert files_of(dispute)[0].sha256 == sha256(PDF.content).hexdigest()


def opened_with(subject: Subject, files: list[Evidence]) -> Dispute:
    return open_dispute(subject, reason=a_reason(), words="", by=CONTACT, at=NOVEMBER_10, files=files)


def files_of(dispute: Dispute) -> list[DisputeFile]:
    return list(DisputeFile.objects.filter(step__dispute=dispute).order_by("pk"))
