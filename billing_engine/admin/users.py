"""Users and their roles, managed by superusers."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from billing_engine.admin.superusers import SuperusersOnly
from billing_engine.core.admin_kit.cells import active, chips, instant
from billing_engine.core.admin_kit.columns import column

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(SuperusersOnly, DjangoUserAdmin[User], ModelAdmin):
    """Users can't be deleted because their actions refer to them. Deactivate them instead."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "shown_name", "roles", "state", "seen")
    list_filter = ("groups", "is_active")
    ordering = ("username",)
    filter_horizontal = ()
    list_fullwidth = True
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": (("first_name", "last_name"), "email")}),
        ("Permissions", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
    )

    shown_name = column(lambda user: user.get_full_name() or user.email, title="name")
    state = column(active, "is_active", title="state", order="is_active")
    seen = column(instant, "last_login", title="last log-in", order="last_login", empty="never")

    class Media:
        css = {"all": ["core/pages.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description="roles")
    def roles(self, user: User) -> str:
        return chips([group.name for group in user.groups.all()] + (["Superuser"] if user.is_superuser else []))


@admin.register(Group)
class RoleAdmin(SuperusersOnly, DjangoGroupAdmin, ModelAdmin):
    """Roles come with the program and are the same everywhere."""

    list_display = ("name", "people")
    list_fullwidth = True
    fields = ("name", "people", "may")
    readonly_fields = ("name", "people", "may")

    people = column(lambda role: chips([user.get_username() for user in role.user_set.all()]), title="people")

    class Media:
        css = {"all": ["core/pages.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        return super().get_queryset(request).prefetch_related("user_set", "permissions")

    @admin.display(description="may")
    def may(self, role: Group) -> str:
        return chips(sorted(permission.name.removeprefix("Can ") for permission in role.permissions.all()))
