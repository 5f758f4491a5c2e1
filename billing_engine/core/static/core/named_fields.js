/* A choice of many (select2) is called as its field is: by itself it names only what is chosen. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const named = (box) => {
    const select = box.previousElementSibling;
    const label = select?.labels?.[0];
    if (label) label.id ||= `${select.id}-label`;
    const name = select?.getAttribute("aria-label") || label?.textContent.trim();
    if (!name) return;
    for (const each of box.querySelectorAll("[role=combobox], [role=textbox]")) {
      if (label) each.setAttribute("aria-labelledby", `${label.id} ${box.querySelector(".select2-selection__rendered")?.id ?? ""}`.trim());
      else each.setAttribute("aria-label", name);
    }
    box.querySelector("[role=searchbox]")?.setAttribute("aria-label", name);
  };
  const look = (root) => root.querySelectorAll?.(".select2-container").forEach(named);
  look(document);
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) node.matches?.(".select2-container") ? named(node) : look(node);
    }
  }).observe(document.body, { childList: true, subtree: true });
});
