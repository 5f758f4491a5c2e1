"""The page that the foot of an email leads to: it stops these emails with one click, and needs no log-in.

Looking at it changes nothing, because mail scanners open links too. Email programs post to it by themselves (RFC 8058).
"""

from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt

from leads.domain.memberships.emails import LinkIsBroken, choose, reader_of


@csrf_exempt  # the signed token is all that email programs have
def stop_page(request: HttpRequest) -> HttpResponseBase:
    """Show the button; POST stops the emails, or lets them come again.

    The token follows the question mark, because logs hold only what is before it.
    """
    try:
        reader = reader_of(request.GET.get("token", ""))
    except LinkIsBroken as refusal:
        return _shown(request, "This link is incomplete", words=str(refusal), status=404)
    if request.method == "POST":
        choose(reader, is_wanted="again" in request.POST, by=reader.customer, at=now())
    topic = reader.topic.label.lower()
    if reader.is_wanted:
        title = f"Emails about {topic} are on" if request.method == "POST" else f"Stop emails about {topic}?"
        words = f"{reader.email} gets emails about {topic} of {reader.customer}."
        return _shown(request, title, words=words, presses="Stop these emails", name="stop")
    words = (
        f"{reader.email} no longer gets emails about {topic} of {reader.customer}. Emails about money owed still come."
    )
    return _shown(request, f"Emails about {topic} are off", words=words, presses="Get them again", name="again")


def _shown(request: HttpRequest, title: str, *, status: int = 200, **context: object) -> HttpResponseBase:
    return TemplateResponse(request, "portal/entrance/stopping.html", {"title": title, **context}, status=status)
