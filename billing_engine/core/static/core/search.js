/* The search in the sidebar: results open above the page, and the arrow keys move through them. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const box = document.querySelector(".lb-search");
  const results = document.getElementById("search-results");
  if (!box || !results) return;
  const input = box.querySelector("input");
  const links = () => [...results.querySelectorAll("a")];
  const isOf = (term) => results.querySelector("[data-term]")?.dataset.term === term;
  let goesToFirst = false; // Enter was pressed before the results arrived
  const isOpen = () => results.matches(":popover-open");

  const close = () => isOpen() && results.hidePopover();
  const open = () => {
    if (!results.firstElementChild || !input.value.trim()) return close();
    const { left, bottom } = box.getBoundingClientRect();
    results.style.left = `${left}px`;
    results.style.top = `${bottom + 6}px`;
    if (!isOpen()) results.showPopover();
  };
  const walk = (step) => {
    const all = links();
    const next = all.indexOf(document.activeElement) + step;
    (next < 0 ? input : all[Math.min(next, all.length - 1)])?.focus();
  };

  const goToFirst = () => links()[0]?.click();

  results.addEventListener("htmx:afterSwap", () => {
    open();
    if (goesToFirst) goToFirst();
    goesToFirst = false;
  });
  input.addEventListener("focus", open);
  document.addEventListener("click", (event) => {
    if (!box.contains(event.target) && !results.contains(event.target)) close();
  });
  document.addEventListener("keydown", (event) => {
    const at = document.activeElement;
    const isInside = at === input || results.contains(at);
    if (event.key === "t" && !event.ctrlKey && !event.metaKey && !event.altKey && !at.closest("input, textarea, select, [contenteditable]")) {
      event.preventDefault();
      input.focus();
    } else if (isInside && event.key === "Escape") {
      input.value = "";
      results.replaceChildren();
      close();
    } else if (isInside && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      walk(event.key === "ArrowDown" ? 1 : -1);
    } else if (at === input && event.key === "Enter") {
      event.preventDefault();
      if (isOf(input.value.trim())) goToFirst();
      else goesToFirst = true;
    }
  });
});
