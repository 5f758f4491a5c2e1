"""The addresses of one customer's portal: the same for its people and for staff who look, each at their own door."""

from django.urls import URLPattern, path

from leads.models import MemberRole
from portal.entrance.pages import style_of
from portal.gate import Page, of_customer
from portal.pages import disputes, invoice, invoices, line, open_dispute, overview, why

app_name = "portal"
BILLING = MemberRole.BILLING


def customer_page(address: str, page: Page, name: str, *, may: MemberRole = MemberRole.VIEWER) -> URLPattern:
    """A page that is reached only through the gate."""
    return path(address, of_customer(page, may=may), name=name)


urlpatterns = [
    customer_page("", overview.overview_page, "overview"),
    customer_page("style.css", style_of, "style"),
    customer_page("invoices/", invoices.invoices_page, "invoices"),
    customer_page("invoices/list.csv", invoices.invoices_csv, "invoices_csv"),
    customer_page("invoices/<str:invoice>/", invoice.invoice_page, "invoice"),
    customer_page("invoices/<str:invoice>/pdf/", invoice.invoice_pdf, "invoice_pdf"),
    customer_page("invoices/<str:invoice>/charges.<str:form>", invoice.invoice_detail, "invoice_detail"),
    customer_page("invoices/<str:invoice>/not-charged/", line.not_charged_page, "not_charged"),
    customer_page("credit-notes/<str:note>/pdf/", invoice.credit_note_pdf, "credit_note_pdf"),
    customer_page("lines/<str:line>/", line.line_page, "line"),
    customer_page("charges/<str:charge>/", why.why_page, "why"),
    customer_page("disputes/", disputes.disputes_page, "disputes"),
    customer_page("disputes/open/", open_dispute.open_page, "open_dispute", may=BILLING),
    customer_page("disputes/<str:dispute>/", disputes.dispute_page, "dispute"),
    customer_page("disputes/files/<str:file>/", disputes.dispute_file, "dispute_file"),
]
