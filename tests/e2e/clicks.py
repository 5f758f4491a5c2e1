"""Count what a person presses to get something done, so that a task does not grow longer by accident.

A press is a click or tap, Enter or Space on the keyboard, or a choice in a list of the browser's own, which takes two:
open and choose. Typing is not counted.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Page

COUNTED = """
(() => {
  if (window.countsPresses) return;
  window.countsPresses = true;
  const name = (element) => {
    const button = element.closest?.("a, button, label, summary, input, select, li, td") ?? element;
    const named = button.ariaLabel || button.labels?.[0]?.innerText || button.innerText;
    const words = named || button.value || button.name || button.tagName;
    return words.trim().slice(0, 60);
  };
  const add = (words) => {
    sessionStorage.presses = JSON.stringify([...JSON.parse(sessionStorage.presses || "[]"), words]);
  };
  const tell = (event) => event.isTrusted && add(name(event.target));
  let pressed = null;
  window.addEventListener("pointerdown", (event) => { pressed = event.target; tell(event); }, true);
  const writes = (element) => element.matches?.("textarea, input:not([type=checkbox], [type=radio], [type=submit])");
  window.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || (event.key === " " && !writes(event.target))) tell(event);
  }, true);
  window.addEventListener("change", (event) => {
    if (event.target.tagName !== "SELECT" || event.target === pressed) return;
    add(`open ${name(event.target)}`);
    add(`choose ${event.target.selectedOptions[0]?.text}`);
  }, true);
})();
"""


@dataclass
class Clicks:
    """What was pressed so far."""

    pressed: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.pressed)


@contextmanager
def counted(page: Page) -> Iterator[Clicks]:
    """Count what is pressed in a page within the block, through all pages that it goes to."""
    page.add_init_script(COUNTED)
    page.evaluate(COUNTED)
    page.evaluate("sessionStorage.presses = '[]'")
    clicks = Clicks()
    yield clicks
    clicks.pressed += page.evaluate("JSON.parse(sessionStorage.presses)")


@contextmanager
def at_most(page: Page, bound: int) -> Iterator[None]:
    """Fail if the task within the block takes more; what was pressed is listed."""
    with counted(page) as clicks:
        yield
    assert 0 < clicks.count <= bound, f"{clicks.count} clicks, at most {bound}: {clicks.pressed}"
