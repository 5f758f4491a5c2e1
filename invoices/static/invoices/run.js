// The page of a billing run polls its progress every two seconds, and reloads when the run is finished, paused or
// resumed.
document.addEventListener("DOMContentLoaded", () => {
  const run = document.querySelector("[data-run]");
  if (!run || "finished" in run.dataset) return;

  const bar = run.querySelector("[data-bar]");

  const show = (progress) => {
    bar.value = progress.percent;
    for (const place of run.querySelectorAll("[data-count]")) {
      place.textContent = progress[place.dataset.count].toLocaleString("en-US");
    }
  };

  const ask = async () => {
    try {
      const answer = await fetch(run.dataset.progress, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const progress = await answer.json();
        show(progress);
        if ((progress.finished || progress.paused !== ("paused" in run.dataset)) && !isInDialog()) {
          window.location.reload();
          return;
        }
      }
    } catch {
      // The server is unavailable for a moment: try again with the next poll.
    }
    window.setTimeout(ask, 2000);
  };

  window.setTimeout(ask, 2000);
});
