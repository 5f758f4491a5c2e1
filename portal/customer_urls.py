"""The addresses of one customer's portal: the same for its people and for staff who look, each at their own door."""

from django.urls import URLPattern, path

from leads.models import MemberRole
from portal.entrance.pages import style_of
from portal.gate import Page, of_customer
from portal.pages import company, emails, keys, payments, prices, settings
from portal.pages.activity import totals
from portal.pages.disputes import follow, opening
from portal.pages.invoices import files, invoice, line, listing, why
from portal.pages.overview import overview

app_name = "portal"
BILLING, ADMINISTRATOR = MemberRole.BILLING, MemberRole.ADMINISTRATOR


def customer_page(address: str, page: Page, name: str, *, may: MemberRole = MemberRole.VIEWER) -> URLPattern:
    """A page that is reached only through the gate."""
    return path(address, of_customer(page, may=may), name=name)


urlpatterns = [
    customer_page("", overview.overview_page, "overview"),
    customer_page("style.css", style_of, "style"),
    customer_page("invoices/", listing.invoices_page, "invoices"),
    customer_page("invoices/list.csv", listing.invoices_csv, "invoices_csv"),
    customer_page("invoices/<str:invoice>/", invoice.invoice_page, "invoice"),
    customer_page("invoices/<str:invoice>/pdf/", files.invoice_pdf, "invoice_pdf"),
    customer_page("invoices/<str:invoice>/charges.<str:form>", files.invoice_detail, "invoice_detail"),
    customer_page("invoices/<str:invoice>/not-charged/", line.not_charged_page, "not_charged"),
    customer_page("credit-notes/<str:note>/pdf/", files.credit_note_pdf, "credit_note_pdf"),
    customer_page("lines/<str:line>/", line.line_page, "line"),
    customer_page("charges/<str:charge>/", why.why_page, "why"),
    customer_page("disputes/", follow.disputes_page, "disputes"),
    customer_page("disputes/open/", opening.open_page, "open_dispute", may=BILLING),
    customer_page("disputes/<str:dispute>/", follow.dispute_page, "dispute"),
    customer_page("activity/", totals.activity_page, "activity"),
    customer_page("activity/totals.<str:form>", totals.activity_file, "activity_file"),
    customer_page("payments/", payments.payments_page, "payments"),
    customer_page("payments/statement.pdf", payments.statement_pdf, "statement_pdf"),
    customer_page("prices/", prices.prices_page, "prices"),
    customer_page("disputes/files/<str:file>/", follow.dispute_file, "dispute_file"),
    customer_page("settings/", settings.people_page, "settings"),
    customer_page("settings/invite/", settings.invite_page, "invite", may=ADMINISTRATOR),
    customer_page("settings/people/<str:member>/", settings.member_page, "member", may=ADMINISTRATOR),
    customer_page(
        "settings/invitations/<str:invitation>/", settings.invitation_page, "member_invitation", may=ADMINISTRATOR
    ),
    customer_page("settings/keys/", keys.keys_page, "keys"),
    customer_page("settings/keys/new/", keys.new_key_page, "new_key", may=ADMINISTRATOR),
    customer_page("settings/keys/<str:key>/", keys.key_page, "key", may=ADMINISTRATOR),
    customer_page("settings/second-factor/", settings.second_factor_page, "second_factor", may=ADMINISTRATOR),
    customer_page("settings/emails/", emails.emails_page, "emails"),
    customer_page("settings/company/", company.company_page, "company"),
    customer_page("settings/company/po-number/", company.purchase_order_page, "purchase_order", may=BILLING),
    customer_page("settings/looks/", settings.looks_page, "looks"),
]
