"""Roles: what each may do, and who has it."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from billing_engine.admin.role_words import EVERYTHING, duties
from billing_engine.admin.superusers import SuperusersOnly
from billing_engine.core.admin_kit.cells import NOTHING, link, together
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.pages import ReadOnlyPage

admin.site.unregister(Group)


def holders(role: Group) -> SafeString | str:
    """The people with the role, as links."""
    found = sorted(role.user_set.all(), key=lambda user: user.get_full_name() or user.get_username())
    lines = [format_html("<div>{}</div>", link(user, user.get_full_name() or user.get_username())) for user in found]
    return together(lines) if lines else NOTHING


def duties_in_words(role: Group) -> SafeString:
    """What the role may do, one line for each subject."""
    found = duties(role.permissions.all())
    return format_html_join(
        "", '<p class="lb-wide"><b>{}</b>: {}.</p>', ((subject, "; ".join(words)) for subject, words in found.items())
    )


def subjects(role: Group) -> str:
    """What the role works on; every role views everything."""
    return ", ".join(each for each in duties(role.permissions.all()) if each != EVERYTHING) or NOTHING


@admin.register(Group)
class RoleAdmin(SuperusersOnly, ReadOnlyPage[Group]):
    """Roles come with the program and are the same everywhere."""

    list_display = ("name", "count", "short")
    ordering = ("name",)
    fields = ("name", "may", "people")

    may = column(duties_in_words, title="may")
    people = column(holders, title="people")
    count = column(lambda role: str(len(role.user_set.all())), title="people")
    short = column(subjects, title="works on")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """Each role with its people and what it may do."""
        return super().get_queryset(request).prefetch_related("user_set", "permissions__content_type")
