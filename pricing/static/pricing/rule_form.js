// The form of a price rule: checks tiers while the user types, and prices an example with the current values.
document.addEventListener("DOMContentLoaded", () => {
  const panel = document.querySelector("[data-try]");
  const form = document.getElementById("pricerule_form");
  const PAUSE = 250;

  // --- Scope -----------------------------------------------------------------------------------

  const SCOPE = ["customer", "product", "category", "source", "channel", "action_type"];
  const scopeShown = document.querySelector("[data-scope]");

  const said = (input) => {
    if (!input || !input.value) return "";
    return (input.tagName === "SELECT" ? (input.selectedOptions[0]?.textContent ?? "") : input.value).trim();
  };

  const showScope = () => {
    if (!form || !scopeShown) return;
    const fixed = SCOPE.map((name) => said(form.elements[name])).filter(Boolean);
    scopeShown.replaceChildren(
      ...(fixed.length ? fixed : ["Everything"]).map((words) => {
        const chip = document.createElement("span");
        chip.className = "lb-chip lb-plain";
        chip.textContent = words;
        return chip;
      }),
    );
  };

  // --- Tiers -----------------------------------------------------------------------------------

  const rows = () =>
    [...document.querySelectorAll("#tiers-group .form-row, #tiers-group tbody.has_original, #tiers-group tbody[id^='tiers-']")].filter(
      (row) => !row.classList.contains("empty-form") && !row.id.endsWith("-empty") && row.querySelector("[name$='-up_to']"),
    );
  const field = (row, name) => row.querySelector(`[name$='-${name}']`);
  const text = (row, name) => (field(row, name)?.value ?? "").trim();
  const shown = (number) => number.toLocaleString("en-US", { maximumFractionDigits: 6 });

  const tell = (row, begins, fault) => {
    const cell = field(row, "up_to").closest("td");
    let line = cell.querySelector(".tier-told");
    if (!line) {
      line = document.createElement("p");
      line.className = "tier-told";
      line.setAttribute("role", "status");
      cell.append(line);
    }
    line.textContent = fault || begins;
    line.classList.toggle("tier-fault", Boolean(fault));
  };

  // The rate of each price model's tiers, and the messages, from the server.
  const tiersTable = JSON.parse(document.getElementById("tiers-table")?.textContent ?? "null");

  const checkTiers = () => {
    if (!form || !tiersTable) return;
    const told = tiersTable.words;
    const { field: rate, missing } = tiersTable.rates[form.elements.price_model?.value] ?? Object.values(tiersTable.rates)[0];
    const kept = rows().filter((row) => !field(row, "DELETE")?.checked);
    const filled = kept.filter((row) => ["up_to", rate, "flat_fee"].some((name) => !["", "0"].includes(text(row, name))) || text(row, rate));
    for (const row of kept) if (!filled.includes(row)) tell(row, "", "");
    let start = 0;
    filled.forEach((row, place) => {
      const isLast = place === filled.length - 1;
      const typed = text(row, "up_to");
      const end = Number(typed);
      let fault = "";
      if (typed && Number.isNaN(end)) fault = "Enter a number.";
      else if (!typed && !isLast) fault = told.open_too_soon;
      else if (typed && end <= start) fault = start ? told.not_ascending.replace("{after}", shown(start)) : told.not_above_zero;
      else if (typed && isLast) fault = told.last_ends;
      else if (!text(row, rate)) fault = missing;
      const from = start ? `above ${shown(start)}` : "from the first";
      tell(row, typed ? `${from} up to ${shown(end)}` : `${from}, no end`, fault);
      if (typed && end > start) start = end;
    });
  };

  // --- Try one action --------------------------------------------------------------------------

  let asked = 0;
  let timer = 0;

  const attempt = async () => {
    const data = form ? new FormData(form) : new FormData();
    for (const input of panel.querySelectorAll("input, select")) data.set(input.name, input.value);
    if (!data.has("csrfmiddlewaretoken")) data.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    const number = ++asked;
    try {
      const answer = await fetch(panel.dataset.try, { method: "POST", body: data });
      const told = await answer.text();
      // An older answer may arrive last; ignore it.
      if (answer.ok && number === asked) panel.querySelector("[data-try-result]").innerHTML = told;
    } catch {
      // The server is unavailable for a moment; the next change retries.
    }
  };

  const changed = () => {
    showScope();
    checkTiers();
    if (!panel) return;
    window.clearTimeout(timer);
    timer = window.setTimeout(attempt, PAUSE);
  };

  document.addEventListener("input", changed);
  document.addEventListener("change", changed);
  document.addEventListener("click", (event) => {
    if (event.target.closest(".add-row, .inline-deletelink, [x-on\\:click*='add']")) window.setTimeout(changed, 50);
  });
  // Fields with their own search box notify only jQuery.
  window.django?.jQuery?.(document).on("change", "select", changed);
  changed();
});
