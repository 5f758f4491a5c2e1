"""The addresses of one customer's portal: the same for its people and for staff who look, each at their own door."""

from django.urls import URLPattern, path

from leads.models import MemberRole
from portal.entrance.pages import style_of
from portal.gate import Page, of_customer
from portal.pages import overview

app_name = "portal"


def customer_page(address: str, page: Page, name: str, *, may: MemberRole = MemberRole.VIEWER) -> URLPattern:
    """A page that is reached only through the gate."""
    return path(address, of_customer(page, may=may), name=name)


urlpatterns = [
    customer_page("", overview.overview_page, "overview"),
    customer_page("style.css", style_of, "style"),
]
