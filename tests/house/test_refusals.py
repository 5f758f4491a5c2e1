"""Users who may not see a page, or request one that does not exist, get the site's own page with a way back."""

import pytest
from django.test import Client

from tests.factories.people import with_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer() -> Client:
    browser = Client()
    browser.force_login(with_role("Viewer"))
    return browser


def test_a_page_of_another_role_is_refused_with_the_role_and_the_way_back(viewer: Client) -> None:
    answer = viewer.get("/admin/pricing/pricerule/add/", headers={"referer": "http://testserver/admin/leads/lead/?q=x"})
    page = answer.content.decode()

    assert answer.status_code == 403
    assert "You can&#x27;t do this" in page
    assert "Your role, Viewer, does not include it." in page
    assert 'href="/admin/leads/lead/?q=x">Back</a>' in page


@pytest.mark.parametrize(
    "came_from",
    [
        "https://elsewhere.example/page",
        "http://testserver//elsewhere.example/",
        "http://testserver/\\elsewhere.example",
        "",
    ],
)
def test_the_way_back_leads_to_no_other_site(viewer: Client, came_from: str) -> None:
    page = viewer.get("/admin/pricing/pricerule/add/", headers={"referer": came_from}).content.decode()

    assert 'href="/admin/">Back</a>' in page


def test_what_is_not_there_is_said_to_strangers_too_and_to_programs_as_a_problem(client: Client) -> None:
    page, problem = client.get("/nothing/here/"), client.get("/api/nothing/")

    assert (page.status_code, "<h1>Page not found</h1>" in page.content.decode()) == (404, True)
    assert (problem.status_code, problem["Content-Type"]) == (404, "application/problem+json")
