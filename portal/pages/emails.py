"""Settings, Emails: what each person hears by email, and what goes to the billing contacts whatever anyone chose."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.timezone import now

from billing_engine.accounts.models import CustomerPerson
from leads.domain.memberships.emails import Reader, choose
from leads.models import EmailTopic
from portal.frame import page
from portal.gate import Visit
from portal.pages.settings_tabs import tabs_of

SAYS = {
    EmailTopic.DISPUTES: "When we receive a dispute, need more from you, decide it, or look at it again.",
    EmailTopic.BUDGET: "When the charges of a month reach 80% and 100% of your budget.",
    EmailTopic.STATEMENTS: "What was open, charged, paid and credited, with the PDF, once a month is over.",
}


class EmailsForm(forms.Form):
    """A checkbox for each topic."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        for topic in EmailTopic:
            self.fields[topic.value] = forms.BooleanField(label=topic.label, help_text=SAYS[topic], required=False)


def emails_page(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show the person's choices and who gets what is about money; a POST stores the choices."""
    member = visit.membership
    readers = _readers(visit, member.person) if member else []
    if request.method == "POST":
        form = EmailsForm(request.POST)
        if form.is_valid():
            for reader in readers:
                choose(reader, is_wanted=form.cleaned_data[reader.topic.value], by=visit.user, at=now())
            messages.success(request, "Saved.")
            return HttpResponseRedirect(visit.address("emails"))
    return page(
        request,
        visit,
        "settings_emails",
        "Settings",
        here="settings",
        tabs=tabs_of(visit, "emails"),
        form=EmailsForm(initial={each.topic.value: each.is_wanted for each in readers}) if member else None,
        email=visit.user.email,
        contacts=visit.customer.terms.on(visit.customer.today).billing_contacts,
    )


def _readers(visit: Visit, person: CustomerPerson) -> list[Reader]:
    return [Reader(visit.customer, person.user.email, topic) for topic in EmailTopic]
