"""allauth's forms in our words."""

from allauth.account.forms import LoginForm as AccountLoginForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
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
