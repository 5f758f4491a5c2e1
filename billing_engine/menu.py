"""The admin's look, and the groups of its menu. Settings import it before models exist."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy

from billing_engine.core.admin_kit.menu import groups

GROUPS = ("Operations", "Finance", "Receivables", "Sources", "Administration")


def asset(path: str) -> Any:
    """The address of a static file, resolved when a page needs it, because names with digests exist only then."""

    def address(_: HttpRequest) -> str:
        return static(path)

    return address


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The menu: the month at a glance, what is waiting for approval, then one group for each role, filled by the apps."""
    return [
        {
            "items": [
                {"title": "This month", "icon": "monitoring", "link": reverse_lazy("admin:index")},
                {
                    "title": "Approvals",
                    "icon": "how_to_reg",
                    "link": lambda _: f"{reverse('admin:core_approvalrequest_changelist')}?state__exact=waiting",
                    "permission": lambda asking: asking.user.has_perm("core.view_approvalrequest"),
                    "badge": _count_to_decide(request),
                },
            ]
        },
        *groups(GROUPS),
    ]


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


def _count_to_decide(request: HttpRequest) -> int:
    """How many requests wait for this user's decision; 0 shows no badge."""
    from billing_engine.core.approvals.inbox import to_decide  # noqa: PLC0415 -- settings import this module first

    return to_decide(request.user).count() if request.user.is_authenticated else 0


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
    "ACCOUNT": {"navigation": own_pages},
    "DASHBOARD_CALLBACK": "reports.admin.front_page.month_at_a_glance",
    "BORDER_RADIUS": "6px",
    "SIDEBAR": {
        "show_search": True,
        "navigation": navigation,
    },
}
