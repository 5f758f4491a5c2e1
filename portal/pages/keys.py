"""Settings: the API keys of the customer's programs; a new one is shown once."""

from datetime import date, datetime

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.timezone import now

from billing_engine.core.calendar.spans import midnight
from billing_engine.core.errors import Refused
from leads.domain.memberships.keys import NAME_LENGTH, create_customer_key, keys_of, revoke_customer_key
from leads.models import CustomerKey, MemberRole
from portal.frame import page
from portal.gate import Visit
from portal.pages.settings import form_page
from portal.pages.settings_tabs import tabs_of
from portal.words import instant, short_day

MOST_YEARS = 10


class KeyForm(forms.Form):
    """What a new key is for and what it may do."""

    name = forms.CharField(
        max_length=NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="What it is for, such as Warehouse.",
    )
    may_dispute = forms.BooleanField(label="May open and follow disputes", required=False)
    last_day = forms.DateField(
        label="Valid through",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: until you revoke it.",
    )

    def clean_last_day(self) -> date | None:
        """Refuse a day that is too far away to be meant."""
        last_day: date | None = self.cleaned_data["last_day"]
        if last_day and last_day.year > now().year + MOST_YEARS:
            raise forms.ValidationError(f"Choose a day within {MOST_YEARS} years, or none.")
        return last_day


def keys_page(request: HttpRequest, visit: Visit) -> HttpResponse:
    """List the keys: those that are valid first."""
    return _listed(request, visit)


def new_key_page(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Make a key, and show it once."""
    form = KeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            _, plaintext = create_customer_key(
                visit.customer,
                name=asked["name"],
                contact=visit.user.email or visit.user.get_username(),
                may_dispute=asked["may_dispute"],
                expires_at=_end_of(visit, asked["last_day"]),
                by=visit.user,
                at=now(),
            )
            return _listed(request, visit, plaintext)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    says = (
        "Anyone who has the key can read what your people see here. It is shown only once, so have a safe place ready."
    )
    return form_page(request, visit, "New API key", form, "Make the key", says=says, back=visit.address("keys"))


def key_page(request: HttpRequest, visit: Visit, key: str) -> HttpResponse:
    """Revoke a key."""
    keys = CustomerKey.objects.filter(customer=visit.customer).select_related("customer", "created_by")
    found = visit.find(keys, key)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        try:
            revoke_customer_key(found, by=visit.user, at=now())
            messages.success(request, f"{found.name} is revoked.")
            return HttpResponseRedirect(visit.address("keys"))
        except Refused as refusal:
            form.add_error(None, str(refusal))
    says = f"Requests with {found.shown} are refused from then on. You can't undo this."
    return form_page(request, visit, f"Revoke {found.name}", form, "Revoke", says=says, back=visit.address("keys"))


def _listed(request: HttpRequest, visit: Visit, plaintext: str = "") -> HttpResponse:
    at, found = now(), keys_of(visit.customer)
    return page(
        request,
        visit,
        "settings_keys",
        "Settings",
        here="settings",
        tabs=tabs_of(visit, "keys"),
        plaintext=plaintext,
        keys=[_row(visit, key, at) for key in sorted(found, key=lambda key: not key.is_usable(at))],
        zone=f"{at.astimezone(visit.customer.zone):%Z}",
        new=visit.address("new_key") if visit.may(MemberRole.ADMINISTRATOR) else "",
    )


def _row(visit: Visit, key: CustomerKey, at: datetime) -> dict[str, str]:
    by = key.created_by
    is_usable = key.is_usable(at)
    used = instant(key.last_used_at, visit.customer) if key.last_used_at else "never"
    return {
        "name": key.name,
        "shown": key.shown,
        "may": key.may_in_words,
        "made": short_day(visit.customer.day_of(key.created_at)),
        "by": (by.get_full_name() or by.get_username()) if by else "",
        "used": f"{used}, from {key.last_used_from}" if key.last_used_from else used,
        "state": _state(visit, key, at),
        "address": visit.address("key", key) if is_usable and visit.may(MemberRole.ADMINISTRATOR) else "",
    }


def _state(visit: Visit, key: CustomerKey, at: datetime) -> str:
    if key.revoked_at:
        return f"revoked {short_day(visit.customer.day_of(key.revoked_at))}"
    if key.expires_at is None:
        return ""
    return f"{'valid' if key.is_usable(at) else 'expired, was valid'} until {instant(key.expires_at, visit.customer)}"


def _end_of(visit: Visit, last_day: date | None) -> datetime | None:
    """The end of the day, in the customer's zone."""
    return midnight(date.fromordinal(last_day.toordinal() + 1), visit.customer.zone) if last_day else None
