"""The admin's look, and the groups of its menu. Settings import it before models exist."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

from billing_engine.core.admin_kit.menu import sections

# A role's own work comes first, and the rest is folded. Who does both, or only reads, has all of it, month first.
PRICES, MONTHS = ("Prices", "Leads", "Catalog"), ("Billing", "Receivables")
OF_OPERATIONS = ("Waiting", *PRICES, "Reports", *MONTHS, "Administration")
OF_FINANCE = ("Waiting", *MONTHS, "Reports", *PRICES, "Administration")


def asset(path: str) -> Any:
    """The address of a static file, resolved when a page needs it, because names with digests exist only then."""

    def address(_: HttpRequest) -> str:
        return static(path)

    return address


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The menu: at a glance, what is waiting for a person, then the work of the person's role, filled by the apps."""
    from billing_engine.core.admin_kit.dialogs import person  # noqa: PLC0415 -- settings import this module first
    from reports.queries.desk.whose import FINANCE, OPERATIONS, is_only_of  # noqa: PLC0415 -- settings import this module first

    user = person(request)
    front = {"items": [{"title": "At a glance", "icon": "monitoring", "link": reverse_lazy("admin:index")}]}
    if is_only_of(user, OPERATIONS):
        return [front, *sections(OF_OPERATIONS, user=user, folded=(*MONTHS, "Administration"))]
    folded = (*PRICES, "Administration") if is_only_of(user, FINANCE) else ("Receivables", "Administration")
    return [front, *sections(OF_FINANCE, user=user, folded=folded)]


def own_pages(request: HttpRequest) -> list[dict[str, Any]]:
    """The pages about a person's own log-in, below their name."""
    pages = [
        ("Second factor", "mfa_index"),
        ("Sessions", "account_sessions"),
        ("Change password", "account_change_password"),
    ]
    has_password = getattr(request.user, "has_usable_password", bool)()
    return [
        {"title": title, "link": reverse_lazy(name)}
        for title, name in pages
        if has_password or name != "account_change_password"
    ]


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Lead Billing Engine",
    "SITE_HEADER": "Lead Billing Engine",
    "SITE_SYMBOL": "receipt_long",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": asset("core/favicon.svg")}],
    "STYLES": [asset("core/tokens.css"), asset("core/kit.css"), asset("core/menu.css")],
    "SCRIPTS": [asset("core/search.js"), asset("core/named_fields.js"), asset("core/followed.js")],
    "ACCOUNT": {"navigation": own_pages},
    "DASHBOARD_CALLBACK": "reports.admin.front_page.month_at_a_glance",
    "BORDER_RADIUS": "6px",
    "SIDEBAR": {
        "show_search": True,
        "navigation": navigation,
    },
}
