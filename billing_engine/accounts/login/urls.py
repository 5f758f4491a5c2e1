"""The addresses of log-in: allauth's pages that staff need, and none of the others."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.socialaccount import views as provider
from allauth.socialaccount.providers.openid_connect import views as openid_connect
from django.contrib import admin
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from unfold.widgets import INPUT_CLASSES

from billing_engine.accounts.login import invitation, own_pages
from billing_engine.core.access.pages import ANYONE, ANYONE_STAFF, needs

View = Callable[..., HttpResponseBase]


def page(address: str, view: View, name: str, *, open_to: str = ANYONE_STAFF) -> URLPattern:
    """A page in the admin's look, whose deeds are stored with what it does."""

    @needs(open_to)
    @wraps(view)
    def shown(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with transaction.atomic():
            response = view(request, *args, **kwargs)
        if isinstance(response, TemplateResponse):
            context = response.context_data or {}
            for form in (each for each in context.values() if isinstance(each, BaseForm)):
                _dress(form)
            response.context_data = {**admin.site.each_context(request), "site_url": "", **context}
        return response

    return path(address, shown, name=name)


def _dress(form: BaseForm) -> None:
    """Give the fields the look of the admin's."""
    for field in form.visible_fields():
        attributes = field.field.widget.attrs
        attributes.pop("placeholder", None)
        field.field.label = field.label = str(field.label).capitalize()
        if getattr(field.field.widget, "input_type", "") != "checkbox":
            attributes["class"] = " ".join(INPUT_CLASSES)


FACTOR = "account/second-factor/"
urlpatterns = [
    page("login/", account.login, "account_login", open_to=ANYONE),
    page("logout/", account.logout, "account_logout"),
    page("password_change/", own_pages.password_page, "account_change_password"),
    page("account/password/", account.password_reset, "account_reset_password", open_to=ANYONE),
    page("account/password/sent/", account.password_reset_done, "account_reset_password_done", open_to=ANYONE),
    page("account/password/link/", own_pages.password_link, "account_password_link", open_to=ANYONE),
    page(
        "account/password/<str:uidb36>/<str:key>/",
        account.password_reset_from_key,
        "account_reset_password_from_key",
        open_to=ANYONE,
    ),
    page(
        "account/password/changed/",
        account.password_reset_from_key_done,
        "account_reset_password_from_key_done",
        open_to=ANYONE,
    ),
    page("account/inactive/", account.account_inactive, "account_inactive", open_to=ANYONE),
    page("account/confirm/", account.reauthenticate, "account_reauthenticate"),
    page("account/invitation/", invitation.invitation_page, "account_invitation", open_to=ANYONE),
    page("account/sessions/", own_pages.sessions_page, "account_sessions"),
    page(FACTOR, own_pages.second_factor_page, "mfa_index"),
    page(FACTOR + "enter/", mfa.authenticate, "mfa_authenticate", open_to=ANYONE),
    page(FACTOR + "confirm/", mfa.reauthenticate, "mfa_reauthenticate"),
    page(FACTOR + "app/add/", totp.activate_totp, "mfa_activate_totp"),
    page(FACTOR + "app/remove/", totp.deactivate_totp, "mfa_deactivate_totp"),
    page(FACTOR + "codes/", recovery_codes.view_recovery_codes, "mfa_view_recovery_codes"),
    page(FACTOR + "codes/new/", recovery_codes.generate_recovery_codes, "mfa_generate_recovery_codes"),
    page(FACTOR + "codes/download/", recovery_codes.download_recovery_codes, "mfa_download_recovery_codes"),
    page(FACTOR + "passkeys/", webauthn.list_webauthn, "mfa_list_webauthn"),
    page(FACTOR + "passkeys/add/", webauthn.add_webauthn, "mfa_add_webauthn"),
    page(FACTOR + "passkeys/log-in/", webauthn.login_webauthn, "mfa_login_webauthn", open_to=ANYONE),
    page(FACTOR + "passkeys/confirm/", webauthn.reauthenticate_webauthn, "mfa_reauthenticate_webauthn"),
    page(FACTOR + "passkeys/<int:pk>/remove/", webauthn.remove_webauthn, "mfa_remove_webauthn"),
    page(FACTOR + "passkeys/<int:pk>/rename/", webauthn.edit_webauthn, "mfa_edit_webauthn"),
    page("account/provider/canceled/", provider.login_cancelled, "socialaccount_login_cancelled", open_to=ANYONE),
    page("account/provider/failed/", provider.login_error, "socialaccount_login_error", open_to=ANYONE),
    page("account/provider/<str:provider_id>/", own_pages.provider_page, "openid_connect_login", open_to=ANYONE),
    page(
        "account/provider/<str:provider_id>/back/", openid_connect.callback, "openid_connect_callback", open_to=ANYONE
    ),
]
