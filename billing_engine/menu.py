"""The admin's menu and look: one group per role. Plain data, no models: settings import it."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def may(permission: str) -> Any:
    """Show the item to those who may open it."""

    def allowed(request: HttpRequest) -> bool:
        return request.user.has_perm(permission)

    return allowed


def asset(path: str) -> Any:
    """The address of a file of ours, looked up when a page asks for it: then there are names with digests."""

    def address(_: HttpRequest) -> str:
        return static(path)

    return address


def page(title: str, icon: str, model: str, permission: str | None = None) -> dict[str, Any]:
    """A menu item for a model's list: `page("Customers", "business", "leads.customer")`."""
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": may(permission or f"{app}.view_{name}"),
    }


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Lead Billing Engine",
    "SITE_HEADER": "Lead Billing Engine",
    "SITE_SYMBOL": "receipt_long",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": asset("core/favicon.svg")}],
    "STYLES": [asset("core/kit.css")],
    "SCRIPTS": [asset("core/search.js")],
    "DASHBOARD_CALLBACK": "reports.admin.front_page.month_at_a_glance",
    "BORDER_RADIUS": "6px",
    "SIDEBAR": {
        "show_search": True,
        "navigation": [
            {"items": [{"title": "This month", "icon": "monitoring", "link": reverse_lazy("admin:index")}]},
            {
                "title": "Operations",
                "separator": True,
                "items": [
                    page("Price rules", "sell", "pricing.pricerule"),
                    page("Simulations", "science", "pricing.simulation"),
                    page("Price checks", "rule", "pricing.pricecheck"),
                    page("Unrated actions", "help", "pricing.unratedaction"),
                    page("Charges", "payments", "pricing.charge"),
                    page("Action types", "category", "leads.actiontype"),
                    page("Customers", "business", "leads.customer"),
                    page("Products", "inventory_2", "leads.product"),
                ],
            },
            {
                "title": "Finance",
                "separator": True,
                "items": [
                    page("Month close", "event_available", "invoices.billingcycle"),
                    page("Billing runs", "play_circle", "invoices.billingrun"),
                    page("Billing schedules", "event_repeat", "invoices.billingschedule"),
                    page("Invoices", "receipt_long", "invoices.invoice"),
                    page("Mails", "mail", "invoices.invoicemail"),
                    page("Mail templates", "edit_note", "invoices.mailtemplate"),
                    page("Billing periods", "calendar_month", "leads.billingperiod"),
                    {
                        "title": "Billing activity",
                        "icon": "bar_chart",
                        "link": reverse_lazy("admin:reports_activity"),
                        "permission": may("invoices.view_invoice"),
                    },
                    {
                        "title": "Invariants",
                        "icon": "balance",
                        "link": reverse_lazy("admin:reports_invariants"),
                        "permission": may("invoices.view_invoice"),
                    },
                ],
            },
            {
                "title": "Sources",
                "separator": True,
                "items": [
                    page("Sources", "hub", "leads.source"),
                    page("Deliveries", "inbox", "leads.delivery"),
                    page("Quarantine", "report", "leads.quarantineditem"),
                    page("Leads", "person", "leads.lead"),
                    page("Actions", "ads_click", "leads.action"),
                ],
            },
            {
                "title": "Administration",
                "separator": True,
                "items": [
                    page("Companies", "apartment", "leads.company"),
                    page("Users", "group", "auth.user"),
                    page("Roles", "badge", "auth.group"),
                    page("Schedule", "schedule", "django_celery_beat.periodictask"),
                ],
            },
        ],
    },
}
