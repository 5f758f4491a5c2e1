/* The command box (`/` or `t`), whose results the arrow keys move through, and the menu's folded sections. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  for (const section of document.querySelectorAll("[data-folds]")) {
    const key = `menu: ${section.dataset.folds}`;
    if (localStorage.getItem(key)) section.open = true;
    section.addEventListener("toggle", () => (section.open ? localStorage.setItem(key, "open") : localStorage.removeItem(key)));
  }

  const box = document.querySelector(".lb-command");
  if (!box) return;
  const input = box.querySelector("input");
  const results = box.querySelector("#search-results");
  const links = () => [...results.querySelectorAll("a")];
  const isOf = (term) => results.querySelector("[data-term]")?.dataset.term === term;
  let goesToFirst = false; // Enter was pressed before the results arrived

  const open = () => {
    if (box.open) return;
    // Not when it closes: that is told later, perhaps after the next words were typed.
    htmx.trigger(input, "htmx:abort");
    input.value = "";
    results.replaceChildren();
    box.showModal();
  };
  document.body.append(box); // so that it opens while the menu is hidden
  const goToFirst = () => links()[0]?.click();
  const walk = (step) => {
    const all = links();
    const next = all.indexOf(document.activeElement) + step;
    (next < 0 ? input : all[Math.min(next, all.length - 1)])?.focus();
  };

  document.querySelector(".lb-search").addEventListener("click", open);
  box.addEventListener("click", (event) => event.target === box && box.close());
  results.addEventListener("htmx:afterSwap", () => {
    links()[0]?.classList.add("lb-top");
    if (goesToFirst) goToFirst();
    goesToFirst = false;
  });
  document.addEventListener("keydown", (event) => {
    const isTyped = event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable]");
    if ((event.key === "/" || event.key === "t") && !isTyped) {
      event.preventDefault();
      open();
    } else if (box.open && event.key === "Escape") {
      event.preventDefault(); // or the browser empties the field first
      box.close();
    } else if (box.open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      walk(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.target === input && event.key === "Enter") {
      event.preventDefault();
      if (isOf(input.value.trim())) goToFirst();
      else goesToFirst = true;
    }
  });
});
