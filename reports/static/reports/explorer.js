"use strict";
// Folding of groups, the copied link, and one open panel or menu at a time. Without scripts, everything is shown.
const PANELS = ":is(.explorer-chip, .report-downloads)[open]";
document.addEventListener("click", (event) => {
  const fold = event.target.closest("[data-fold]");
  if (fold) {
    const row = fold.closest("tr");
    const isOpen = fold.getAttribute("aria-expanded") === "true";
    fold.setAttribute("aria-expanded", String(!isOpen));
    for (let next = row.nextElementSibling; next && Number(next.dataset.depth) > Number(row.dataset.depth); next = next.nextElementSibling) {
      next.hidden = isOpen;
      next.querySelector("[data-fold]")?.setAttribute("aria-expanded", String(!isOpen));
    }
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    navigator.clipboard.writeText(new URL(copy.dataset.copy, location.href).href).then(() => { copy.textContent = "Copied"; });
  }
  for (const open of document.querySelectorAll(PANELS)) {
    if (!open.contains(event.target) || event.target.closest(".report-downloads a")) open.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const open of document.querySelectorAll(PANELS)) open.open = false;
});
