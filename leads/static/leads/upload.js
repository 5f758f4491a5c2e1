"use strict";
// The progress of an upload. Without scripts, the same form uploads without it.
const shown = () => document.getElementById("upload-progress");
const tell = (words) => {
  shown().hidden = false;
  shown().querySelector("p").textContent = words;
};
const megabytes = (bytes) => (bytes / 1048576).toLocaleString(undefined, { maximumFractionDigits: 1 });
document.addEventListener("htmx:xhr:progress", (event) => {
  const { loaded, total } = event.detail;
  if (!total || !shown()) return;
  shown().querySelector("progress").value = (100 * loaded) / total;
  tell(loaded < total ? `${megabytes(loaded)} of ${megabytes(total)} MB uploaded` : "Uploaded. Looking at the file …");
});
document.addEventListener("htmx:sendError", () => tell("The connection broke. Nothing was kept. Upload the file again."));
document.addEventListener("htmx:responseError", (event) => {
  const isTooLarge = event.detail.xhr.status === 413;
  tell(isTooLarge ? "A file has at most 1 GB. Split it." : "The file could not be kept. Upload it again.");
});
