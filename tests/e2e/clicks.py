"""Count the clicks of a task: what a person presses from the page where they begin."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Page

# A page may be counted on several times: its listener is one.
COUNT = """
    if (!window.isCounted) addEventListener("click", event => {
        if (event.isTrusted && event.detail) sessionStorage.clicks = Number(sessionStorage.clicks || 0) + 1;
    }, true);
    window.isCounted = true;
"""


@dataclass
class Clicks:
    """The clicks so far."""

    count: int = 0


@contextmanager
def counted(page: Page) -> Iterator[Clicks]:
    """Count the clicks that people would make on the pages of this block."""
    clicks = Clicks()
    page.add_init_script(COUNT)
    page.reload()
    page.evaluate("sessionStorage.clicks = 0")
    yield clicks
    clicks.count = int(page.evaluate("sessionStorage.clicks"))
