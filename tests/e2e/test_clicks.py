"""What is counted as a click in a real browser: a test of the counter that the tasks are bounded by."""

import pytest
from playwright.sync_api import Page

from tests.e2e.clicks import Clicks

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = """data:text/html,<label>Yes <input type=checkbox></label><button>Go</button><input name=words>
<select name=of aria-label=Of><option>a<option>b</select><a href="data:text/html,<button>Next</button>">Link</a>"""


def test_clicks_choices_and_keys_are_counted_and_what_is_typed_is_not(page: Page) -> None:
    clicks = Clicks(page)
    page.goto(PAGE)

    with clicks.at_most(7) as pressed:
        page.get_by_label("Yes").check()
        page.locator("[name=words]").fill("two words")
        page.locator("[name=words]").press("Space")
        page.locator("[name=of]").select_option("b")
        page.get_by_role("button").press("Enter")
        page.evaluate("document.querySelector('button').click()")
        page.get_by_role("button").click()

    assert pressed == ["Yes", "open Of", "choose b", "Go", "Go"]


def test_more_than_the_bound_fails_with_what_was_pressed(page: Page) -> None:
    clicks = Clicks(page)
    page.goto(PAGE)

    with pytest.raises(AssertionError, match=r"2 clicks, at most 1: \['Go', 'Go'\]"), clicks.at_most(1):
        page.get_by_role("button").click()
        page.get_by_role("button").click()
