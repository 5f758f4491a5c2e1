"""allauth's forms in our words."""

from typing import Any

from allauth.account.forms import LoginForm as AccountLoginForm
from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms


class LoginForm(AccountLoginForm):
    """Name and password."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "Email or user name"
        self.fields["password"].help_text = ""  # the page itself links to the reset


class PasskeyForm(AddWebAuthnForm):
    """A new passkey."""

    passwordless = forms.BooleanField(
        label="Log in with this passkey alone, without the password",
        required=False,
        initial=True,
        help_text="It then asks for your fingerprint, face or PIN. Older security keys can't do this.",
    )


class CredentialField(forms.JSONField):
    """What a browser says of a passkey: JSON, from anyone who opens the page."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


class FromAnyone(forms.Form):
    """Refuses an answer that no passkey gives like one of a wrong passkey; allauth reads it without looking."""

    credential = CredentialField(required=True, widget=forms.HiddenInput)

    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()  # type: ignore[misc]  # of the form beside it
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise get_adapter().validation_error("incorrect_code") from error


class LogInByPasskeyForm(FromAnyone, LoginWebAuthnForm):
    """A log-in by passkey alone."""


class SecondFactorByPasskeyForm(FromAnyone, AuthenticateWebAuthnForm):
    """A passkey after the password."""


class ConfirmByPasskeyForm(FromAnyone, ReauthenticateWebAuthnForm):
    """A passkey of someone who is logged in."""
