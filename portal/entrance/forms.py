"""The forms of the entrance."""

from django import forms


class NewLinkForm(forms.Form):
    """Where a new link of an invitation goes."""

    email = forms.EmailField(widget=forms.EmailInput(attrs={"autocomplete": "email"}))
