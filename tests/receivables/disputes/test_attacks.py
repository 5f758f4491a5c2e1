"""What a contact may send with a dispute has an end, however often they answer."""

import pytest
from django.contrib.auth.models import User

from receivables.domain.disputes import evidence
from receivables.domain.disputes.conversation import answer
from receivables.domain.disputes.evidence import Evidence, EvidenceHasFaults
from receivables.models import DisputeFile, DisputeStep
from tests.invoices.made import a_draft, issued
from tests.receivables.disputes.made import CONTACT, NOVEMBER_10, a_dispute


@pytest.mark.django_db
def test_the_files_of_a_dispute_have_an_end_and_words_do_not_count(
    frank: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "MOST_BYTES", 10)
    dispute = a_dispute(issued(a_draft(3), frank))
    answer(dispute, words="", by=CONTACT, at=NOVEMBER_10, files=[Evidence("a.txt", b"123456")])

    with pytest.raises(EvidenceHasFaults, match="at most"):
        answer(dispute, words="More.", by=CONTACT, at=NOVEMBER_10, files=[Evidence("b.txt", b"12345")])

    assert (DisputeFile.objects.count(), DisputeStep.objects.count()) == (1, 2)
    answer(dispute, words="More.", by=CONTACT, at=NOVEMBER_10)
    answer(dispute, words="", by=CONTACT, at=NOVEMBER_10, files=[Evidence("b.txt", b"1234")])
    assert DisputeFile.objects.count() == 2
