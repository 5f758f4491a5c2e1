"""What the pages of reminders and statements share: the outcome, the PDF, and the decision about what is in doubt."""

from typing import Any, TypeVar

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import now

from billing_engine.core.admin_kit.cells import NOTHING, Colour, chip, code, instant, link, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, file_button, person
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from billing_engine.core.tables.download import file_response
from receivables.domain.papers.doubt import check_in_doubt, check_may_be_sent_again, count_as_sent, send_again
from receivables.models.paper import ClaimedMail

Mail = TypeVar("Mail", bound=ClaimedMail)

State = ClaimedMail.State
COLOURS: dict[str, Colour] = {
    State.WAITING: "blue",
    State.SENT: "green",
    State.PARTLY: "orange",
    State.PERHAPS: "orange",
    State.WRITTEN: "orange",
    State.DROPPED: "plain",
    State.FAILED: "red",
}
DOUBT = "Its Message-ID is {}: ask the customer, or look into the mail server’s log. If it arrived, count it as sent."
AGAIN = "It is written again. The email has the same Message-ID, so that email programs recognize a second copy."


def lines_of(text: str) -> SafeString:
    """Return the lines of an email, which wrap."""
    return format_html_join("", "<div>{}</div>", ((line or "\u00a0",) for line in text.splitlines()))


class ClaimedMailPage(ReadOnlyPage[Mail]):
    """The log of one kind of such emails; a page adds `decides`, the permission of who decides about them."""

    is_large = True
    ordering = ("-pk",)
    actions_detail: Any = ("it_arrived", "send_again", "download_pdf")

    shown_customer = column(shortened, "customer.name", title="customer")
    linked_customer = column(link, "customer", title="customer")
    shown_state = column(lambda row: chip(row.outcome, COLOURS[row.state]), title="state")
    shown_settled = column(instant, "settled_at", title="settled", empty=NOTHING)
    shown_reason = column(str, "reason", title="because", empty=NOTHING)
    shown_decider = column(str, "decided_by", title="decided by", empty=NOTHING)
    shown_to = column(", ".join, "addresses", title="to", empty=NOTHING)
    shown_message_id = column(code, "message_id", title="Message-ID")
    shown_digest = column(code, "paper.sha256", title="digest of its PDF", empty=NOTHING)
    shown_body = column(lines_of, "body", title="message", empty=NOTHING)

    @file_button("PDF", icon="download", when=lambda row: row.paper_id is not None)
    def download_pdf(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Return the PDF that the email carries."""
        paper = self.visible(request, object_id).paper
        if paper is None:
            raise Http404
        return file_response(bytes(paper.content or b""), name=paper.file_name, content_type="application/pdf")


def arrived_button(permission: str) -> Any:
    """Return the button that counts an email as sent."""

    @button(
        "It arrived",
        permission=permission,
        icon="check",
        offered=lambda row: row.state == State.PERHAPS,
        guard=lambda row, _: check_in_doubt(row),
        asks=Dialog(title="Count it as sent?", says=lambda row: DOUBT.format(row.message_id)),
    )
    def it_arrived(_page: Any, request: HttpRequest, row: Any, _answers: dict[str, Any]) -> Done:
        count_as_sent(row, by=person(request))
        return Done("Counted as sent.")

    return it_arrived


def again_button(permission: str) -> Any:
    """Return the button that sends an email again."""

    @button(
        "Send again",
        permission=permission,
        icon="refresh",
        offered=lambda row: row.state in (State.PERHAPS, State.FAILED),
        guard=lambda row, _: check_may_be_sent_again(row),
        asks=Dialog(title="Send it again?", says=AGAIN),
    )
    def send_it_again(_page: Any, request: HttpRequest, row: Any, _answers: dict[str, Any]) -> Done:
        send_again(row, by=person(request), at=now())
        return Done("It is on its way.")

    return send_it_again
