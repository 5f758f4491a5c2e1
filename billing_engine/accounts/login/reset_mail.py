"""The email with the link to a new password, for staff and for people of the portal."""

from django.core.mail import EmailMultiAlternatives

from billing_engine.core.letters.brand import own_brand
from billing_engine.core.letters.letter import Letter, message_of
from billing_engine.core.letters.parts import Button, Sentences


def reset_letter(*, name: str, link: str, at_portal: bool) -> Letter:
    """Return what it says to the person who logs in as `name`."""
    brand = own_brand()
    what = f"the billing portal of {brand.name}" if at_portal else "the Lead Billing Engine"
    parts = (
        Sentences(f"Someone asked for a new password for {what}. You log in as {name}."),
        Button("Set a new password", link),
        Sentences("The link works once. If you did not ask for it, ignore this email: nothing changes."),
    )
    return Letter(f"Set a new password for {what}", parts, brand)


def reset_message(to: list[str], *, name: str, link: str, at_portal: bool) -> EmailMultiAlternatives:
    """Return the email."""
    return message_of(reset_letter(name=name, link=link, at_portal=at_portal), to=to)
