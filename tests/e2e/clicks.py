"""Count what a person presses to get something done, so that a task does not grow longer by accident.

A press is a click or tap, Enter or Space on the keyboard, or a choice in a list of the browser's own, which takes two:
open and choose. Typing is not counted.
"""

from collections.abc import Iterator
from contextlib import contextmanager

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
  const tell = (event) => event.isTrusted && window.tellPress(name(event.target));
  let pressed = null;
  window.addEventListener("pointerdown", (event) => { pressed = event.target; tell(event); }, true);
  const writes = (element) => element.matches?.("textarea, input:not([type=checkbox], [type=radio], [type=submit])");
  window.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || (event.key === " " && !writes(event.target))) tell(event);
  }, true);
  window.addEventListener("change", (event) => {
    if (event.target.tagName !== "SELECT" || event.target === pressed) return;
    window.tellPress(`open ${name(event.target)}`);
    window.tellPress(`choose ${event.target.selectedOptions[0]?.text}`);
  }, true);
})();
"""


class Clicks:
    """The presses in a page from now on, through all pages that it goes to."""

    def __init__(self, page: Page) -> None:
        self.page, self.seen = page, list[str]()
        page.expose_function("tellPress", self._press)
        page.add_init_script(COUNTED)
        page.evaluate(COUNTED)

    @contextmanager
    def at_most(self, bound: int) -> Iterator[list[str]]:
        """Fail if the task within takes more; what was pressed is listed."""
        self.seen.clear()
        yield self.seen
        self.page.evaluate("0")  # the last press has been told
        assert 0 < len(self.seen) <= bound, f"{len(self.seen)} clicks, at most {bound}: {self.seen}"

    def _press(self, on: str) -> None:
        self.seen.append(on)
