"""The addresses of the customers' door: nothing of the admin and of the staff's API is here."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from billing_engine.accounts.login import own_pages
from billing_engine.core.api.problems import UnknownAddress
from portal.entrance import joining, stopping
from portal.entrance.pages import entrance, start, style

handler400 = "portal.entrance.refusals.bad_request"
handler403 = "portal.entrance.refusals.forbidden"
handler404 = "portal.entrance.refusals.not_found"
handler500 = "portal.entrance.refusals.server_error"

LOGIN, FACTOR = "portal/log-in/", "portal/log-in/second-factor/"
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="portal_start")),
    entrance("portal/", start, "portal_start", "start"),
    path("portal/style.css", style, name="portal_style"),
    entrance("portal/invitation/", joining.invitation_page, "portal_invitation", "invitation"),
    entrance("portal/emails/stop/", stopping.stop_page, "portal_stop_emails", "stopping"),
    entrance(LOGIN, account.login, "account_login", "login"),
    entrance("portal/log-out/", account.logout, "account_logout"),
    entrance(LOGIN + "password/change/", own_pages.password_page, "account_change_password"),
    entrance(LOGIN + "password/", account.password_reset, "account_reset_password"),
    entrance(LOGIN + "password/sent/", account.password_reset_done, "account_reset_password_done"),
    entrance(LOGIN + "password/link/", own_pages.password_link, "account_password_link"),
    entrance(
        LOGIN + "password/set/<str:uidb36>/<str:key>/",
        account.password_reset_from_key,
        "account_reset_password_from_key",
        "new_password",
    ),
    entrance(LOGIN + "password/changed/", account.password_reset_from_key_done, "account_reset_password_from_key_done"),
    entrance(LOGIN + "closed/", account.account_inactive, "account_inactive"),
    entrance(LOGIN + "confirm/", account.reauthenticate, "account_reauthenticate", "confirm"),
    entrance(LOGIN + "sessions/", own_pages.sessions_page, "account_sessions", "sessions"),
    entrance(FACTOR, own_pages.second_factor_page, "mfa_index", "factors"),
    entrance(FACTOR + "enter/", mfa.authenticate, "mfa_authenticate", "code"),
    entrance(FACTOR + "confirm/", mfa.reauthenticate, "mfa_reauthenticate", "confirm"),
    entrance(FACTOR + "app/add/", totp.activate_totp, "mfa_activate_totp", "code_app"),
    entrance(FACTOR + "app/remove/", totp.deactivate_totp, "mfa_deactivate_totp"),
    entrance(FACTOR + "codes/", recovery_codes.view_recovery_codes, "mfa_view_recovery_codes", "recovery_codes"),
    entrance(FACTOR + "codes/new/", recovery_codes.generate_recovery_codes, "mfa_generate_recovery_codes"),
    entrance(FACTOR + "codes/download/", recovery_codes.download_recovery_codes, "mfa_download_recovery_codes"),
    entrance(FACTOR + "passkeys/", webauthn.list_webauthn, "mfa_list_webauthn", "passkeys"),
    entrance(FACTOR + "passkeys/add/", webauthn.add_webauthn, "mfa_add_webauthn", "passkey"),
    entrance(FACTOR + "passkeys/log-in/", webauthn.login_webauthn, "mfa_login_webauthn"),
    entrance(FACTOR + "passkeys/confirm/", webauthn.reauthenticate_webauthn, "mfa_reauthenticate_webauthn", "confirm"),
    entrance(FACTOR + "passkeys/<int:pk>/remove/", webauthn.remove_webauthn, "mfa_remove_webauthn"),
    entrance(FACTOR + "passkeys/<int:pk>/rename/", webauthn.edit_webauthn, "mfa_edit_webauthn"),
    path("api/v1/customer/", include("portal.api.urls")),
    re_path(r"^api/[\s\S]*$", UnknownAddress.as_view()),
    path("portal/<uuid:customer>/", include("portal.customer_urls", namespace="portal")),
]
