// The page of a simulation polls its progress every two seconds, and reloads once it has finished.
document.addEventListener("DOMContentLoaded", () => {
  const page = document.querySelector("[data-simulation]");
  if (!page || "finished" in page.dataset) return;

  const show = (progress) => {
    page.querySelector("[data-bar]").value = progress.percent;
    for (const place of page.querySelectorAll("[data-count]")) {
      place.textContent = progress[place.dataset.count].toLocaleString("en-US");
    }
  };

  const ask = async () => {
    try {
      const answer = await fetch(page.dataset.simulation, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const progress = await answer.json();
        show(progress);
        if (progress.finished) {
          window.location.reload();
          return;
        }
      }
    } catch {
      // The server is unavailable for a moment; the next poll retries.
    }
    window.setTimeout(ask, 2000);
  };

  window.setTimeout(ask, 1000);
});
