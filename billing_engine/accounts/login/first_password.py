"""The first password of an invited person, of our staff or of a customer."""

from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

NEW_PASSWORD = {"autocomplete": "new-password"}


class FirstPasswordForm(forms.Form):
    """A new password, twice."""

    password = forms.CharField(widget=forms.PasswordInput(attrs=NEW_PASSWORD), help_text="At least 10 characters.")
    again = forms.CharField(label="The same again", widget=forms.PasswordInput(attrs=NEW_PASSWORD))

    def __init__(self, *args: object, email: str, name: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed on
        self.person = User(username=email, email=email, first_name=name)

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.person)
        return password

    def clean_again(self) -> str:
        again: str = self.cleaned_data["again"]
        if again != self.cleaned_data.get("password", again):
            raise ValidationError("The two passwords differ.")
        return again
