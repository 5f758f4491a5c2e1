"""Cards for pending tasks: how many, of what, and where; and on a row's own page, what is waiting for approval."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Model

from billing_engine.core.admin_kit.cells import NOTHING, Colour, instant, page_of
from billing_engine.core.approvals.kinds import kind_of, kinds
from billing_engine.core.approvals.requests import changed_since
from billing_engine.core.counts import count_in_words
from billing_engine.core.models import ApprovalRequest

State = ApprovalRequest.State
STATE_COLOURS: dict[str, Colour] = {
    State.WAITING: "orange",
    State.APPROVED: "green",
    State.SENT_BACK: "red",
    State.WITHDRAWN: "plain",
    State.REPLACED: "plain",
}


@dataclass(frozen=True, slots=True)
class TaskCard:
    """A pending task, with the color of the card's edge."""

    count: str
    what: str
    advice: str
    address: str
    tone: str

    @classmethod
    def of(cls, count: int, what: str, advice: str, address: str, tone: str) -> "TaskCard":
        """The card for this count."""
        return cls(count_in_words(count), what, advice, address, tone)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a page says about one request."""

    state: str
    kind: str
    who: str
    at: str
    words: str
    address: str
    changed: bool = False


def shown_person(person: User | None) -> str:
    """The full name of a person, or the user name."""
    return NOTHING if person is None else person.get_full_name() or person.get_username()


def notices_about(row: Model) -> list[Notice]:
    """Return the requests of the row that wait, and those that were sent back and not asked again."""
    if row._meta.model not in {kind.model for kind in kinds().values()}:
        return []
    latest: dict[str, ApprovalRequest] = {}
    for request in ApprovalRequest.objects.about(row).select_related("asked_by", "decided_by")[:20]:
        latest.setdefault(request.kind, request)
    return [_notice(request) for request in latest.values() if request.state in (State.WAITING, State.SENT_BACK)]


def _notice(request: ApprovalRequest) -> Notice:
    waits = request.is_waiting
    return Notice(
        state=request.state,
        kind=kind_of(request.kind).words,
        who=shown_person(request.asked_by if waits else request.decided_by),
        at=instant(request.asked_at if waits else request.decided_at),
        words=request.reason if waits else request.words,
        address=page_of("core.approvalrequest", request.pk),
        changed=waits and changed_since(request),
    )
