"""What is counted as a click in a real browser: a test of the counter that the tasks are bounded by."""

import pytest
from playwright.sync_api import Page

from tests.e2e.clicks import at_most, counted

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = """<label>Yes <input type=checkbox></label><button>Go</button><input name=words>
<select name=of aria-label=Of><option>a<option>b</select><a href="">Link</a>"""


@pytest.fixture
def shown(page: Page) -> Page:
    page.route("**/task", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    page.goto("/task")
    return page


def test_clicks_choices_and_keys_are_counted_and_what_is_typed_is_not(shown: Page) -> None:
    page = shown
    with counted(page) as clicks:
        page.get_by_label("Yes").check()
        page.locator("[name=words]").fill("two words")
        page.locator("[name=words]").press("Space")
        page.locator("[name=of]").select_option("b")
        page.get_by_role("button").press("Enter")
        page.evaluate("document.querySelector('button').click()")
        page.get_by_role("button").click()
        page.get_by_role("link").click()
        page.get_by_role("button").click()

    assert clicks.pressed == ["Yes", "open Of", "choose b", "Go", "Go", "Link", "Go"]


def test_more_than_the_bound_fails_with_what_was_pressed(shown: Page) -> None:
    with pytest.raises(AssertionError, match=r"2 clicks, at most 1: \['Go', 'Go'\]"), at_most(shown, 1):
        shown.get_by_role("button").click()
        shown.get_by_role("button").click()
