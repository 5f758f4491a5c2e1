"""The settings of django-allauth and of sessions: log-in for staff and customers, with nothing that lets strangers in."""

from typing import Any

NAME = "Lead Billing Engine"
PROVIDER = "staff"  # part of the address that the identity provider sends people back to
ATTEMPTS = 5
ATTEMPT_MINUTES = 15
PASSWORDS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSKEY_FORMS = {
    "add_webauthn": "billing_engine.accounts.login.forms.PasskeyForm",
    "authenticate_webauthn": "billing_engine.accounts.login.forms.SecondFactorByPasskeyForm",
    "login_webauthn": "billing_engine.accounts.login.forms.LogInByPasskeyForm",
    "reauthenticate_webauthn": "billing_engine.accounts.login.forms.ConfirmByPasskeyForm",
}

APPS = [
    "billing_engine.accounts",  # before allauth: its templates are replaced
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]


def login_settings(
    https: bool,  # noqa: FBT001 -- called once, with the setting of that name
    redis_url: str,
    *,
    hours: int,
    recent_minutes: int,
    provider: dict[str, str],
) -> dict[str, Any]:
    """Return the settings by name; without an issuer there is no identity provider."""
    return {
        "AUTHENTICATION_BACKENDS": ["allauth.account.auth_backends.AuthenticationBackend"],
        "AUTH_PASSWORD_VALIDATORS": PASSWORDS,
        "LOGIN_URL": "account_login",
        "LOGIN_REDIRECT_URL": "admin:index",
        "ACCOUNT_ADAPTER": "billing_engine.accounts.login.adapter.InvitedAdapter",
        "ACCOUNT_FORMS": {"login": "billing_engine.accounts.login.forms.LoginForm"},
        "ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS": False,
        "ACCOUNT_EMAIL_SUBJECT_PREFIX": "",
        "ACCOUNT_LOGIN_METHODS": {"username"},
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_SIGNUP_FIELDS": ["username*", "password1*"],
        "ACCOUNT_SESSION_REMEMBER": True,
        "ACCOUNT_LOGOUT_REDIRECT_URL": "account_login",
        "ACCOUNT_REAUTHENTICATION_METHODS": {"password", "mfa"},
        "ACCOUNT_REAUTHENTICATION_TIMEOUT": recent_minutes * 60,
        # Per source, and per account and source together, so that no stranger can lock a person out. NGINX has its own.
        "ACCOUNT_RATE_LIMITS": {"login": "120/m/ip", "login_failed": f"30/5m/ip,{ATTEMPTS}/{ATTEMPT_MINUTES}m/key"},
        "MFA_ADAPTER": "billing_engine.accounts.login.second_factor.SecondFactorAdapter",
        "MFA_FORMS": PASSKEY_FORMS,
        "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"],
        "MFA_PASSKEY_LOGIN_ENABLED": True,
        "MFA_ALLOW_UNVERIFIED_EMAIL": True,
        "MFA_TOTP_ISSUER": NAME,
        "MFA_TOTP_TOLERANCE": 1,
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": not https,
        "SOCIALACCOUNT_ADAPTER": "billing_engine.accounts.login.provider.ProviderAdapter",
        "SOCIALACCOUNT_PROVIDERS": {"openid_connect": openid_connect_settings(**provider)},
        "SOCIALACCOUNT_EMAIL_AUTHENTICATION": False,
        "SESSION_COOKIE_AGE": hours * 3_600,
        # Counters of failed log-ins, shared by all processes.
        "CACHES": {
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": redis_url,
                "KEY_PREFIX": "lead-billing",
                "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
            }
        },
    }


def openid_connect_settings(*, issuer: str, client_id: str, secret: str, name: str) -> dict[str, Any]:
    if not issuer:
        return {"APPS": []}
    app = {
        "provider_id": PROVIDER,
        "name": name,
        "client_id": client_id,
        "secret": secret,
        "settings": {"server_url": issuer.rstrip("/"), "oauth_pkce_enabled": True},
    }
    return {"APPS": [app]}
