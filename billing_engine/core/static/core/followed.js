/* A page that follows work waits while a dialog is open or on its way: loading itself again would close it. */
"use strict";

const isInDialog = () =>
  document.getElementById("modal-overlay")?.checkVisibility() ||
  document.querySelector('.htmx-request[hx-target="#modal-content"]') !== null;

const wait = (event) => {
  const isPoll = event.detail.elt.getAttribute("hx-trigger")?.startsWith("every");
  if (isPoll && isInDialog()) event.preventDefault();
};

document.addEventListener("htmx:beforeRequest", wait);
document.addEventListener("htmx:beforeOnLoad", wait); // before it obeys an answer that came meanwhile
