"""What each source keeps and for how long, and what the next night would clear and move to the archive."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.timezone import now

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import address_of, instant
from billing_engine.core.admin_kit.menu import Item, in_menu, page_at
from leads.domain.archive.moving import waiting_bodies
from leads.domain.people.retention import retention_due
from leads.domain.pseudonyms import has_key
from leads.models import Erasure, Source

MAY_SEE = ("leads.view_source", "leads.view_erasure")


@needs(*MAY_SEE)
def retention_page(request: HttpRequest) -> HttpResponse:
    """Show what the next night would clear: nothing is cleared by looking."""
    at = now()
    due = list(retention_due(at=at))
    days = settings.ARCHIVE_AFTER_DAYS
    page: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Retention",
        "rows": [
            {
                "source": each.source,
                "address": address_of(each.source),
                "what": "Raw bodies" if each.kind == Erasure.Kind.BODIES else "Contact data of leads",
                "days": each.days,
                "before": instant(each.before),
                "clears": each.in_words if each.count else "Nothing",
                "waits": each.kind == Erasure.Kind.CONTACTS and not has_key(),
            }
            for each in due
        ],
        "would": " and ".join(_sums(due)),
        "without": Source.objects.count() - len({each.source.pk for each in due}),
        "archive_days": days,
        "archive_bodies": waiting_bodies(before=at - timedelta(days=days)).count() if days else 0,
    }
    return TemplateResponse(request, "leads/people/retention.html", page)


def _sums(due: list[Any]) -> list[str]:
    """`1,204 raw bodies` and `310 leads`."""
    bodies = sum(each.count for each in due if each.kind == Erasure.Kind.BODIES)
    leads = sum(each.count for each in due if each.kind == Erasure.Kind.CONTACTS)
    told = [(bodies, "raw body", "raw bodies"), (leads, "lead", "leads")]
    return [f"{count:,} {one if count == 1 else many}" for count, one, many in told if count]


page_at("leads/retention/", retention_page, name="leads_retention")
in_menu("Leads", 42, Item("Retention", "auto_delete", "admin:leads_retention", *MAY_SEE))
