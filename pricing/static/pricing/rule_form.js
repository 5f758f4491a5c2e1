// The form of a price rule: checks tiers while the user types, and keeps what is beside the form true to its current values.
document.addEventListener("DOMContentLoaded", () => {
  const side = document.querySelector(".rule-side");
  const form = document.getElementById("pricerule_form");
  const PAUSE = 250;
  const LONG_PAUSE = 800; // for what takes the server longer

  // --- When: the days that a price usually starts on -------------------------------------------

  const days = document.querySelector(".rule-days");
  const start = form?.elements.wall_from_0;
  const place = start?.closest(".field-line, .form-row");

  const markDay = () => {
    for (const each of days?.querySelectorAll("button") ?? []) {
      each.setAttribute("aria-pressed", String(start.value === each.dataset.day && !form.elements.wall_from_1?.value));
    }
  };

  if (days && place) {
    place.prepend(days);
    days.hidden = false;
    days.addEventListener("click", (event) => {
      const day = event.target.closest("[data-day]")?.dataset.day;
      if (!day) return;
      for (const [input, value] of [[start, day], [form.elements.wall_from_1, ""]]) {
        input.value = value;
        input.dispatchEvent(new Event("input", { bubbles: true }));
      }
    });
  }

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

  // --- Beside the form: what it says and costs, an example, warnings ---------------------------

  const timers = {};
  const asked = {};

  const ask = async (address, what) => {
    const data = form ? new FormData(form) : new FormData();
    for (const input of side.querySelectorAll("input, select")) data.set(input.name, input.value);
    if (!data.has("csrfmiddlewaretoken")) data.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    const number = (asked[what] = (asked[what] ?? 0) + 1);
    try {
      const answer = await fetch(address, { method: "POST", body: data });
      const told = new DOMParser().parseFromString(await answer.text(), "text/html");
      // An older answer may arrive last; ignore it.
      if (!answer.ok || number !== asked[what]) return;
      for (const part of told.querySelectorAll("[data-part]")) {
        side.querySelector(`[data-part="${part.dataset.part}"]`)?.replaceChildren(...part.childNodes);
      }
    } catch {
      // The server is unavailable for a moment; the next change retries.
    }
  };

  const soon = (what, pause) => {
    const address = side?.dataset[what];
    if (!address) return;
    window.clearTimeout(timers[what]);
    timers[what] = window.setTimeout(() => ask(address, what), pause);
  };

  const changed = () => {
    checkTiers();
    markDay();
    soon("try", PAUSE);
  };
  const edited = (event) => {
    changed();
    if (!event.target.name?.startsWith("try-")) soon("weigh", LONG_PAUSE);
  };

  document.addEventListener("input", edited);
  document.addEventListener("change", edited);
  document.addEventListener("click", (event) => {
    if (event.target.closest(".add-row, .inline-deletelink, [x-on\\:click*='add']")) window.setTimeout(() => edited(event), 50);
  });
  // Fields with their own search box notify only jQuery.
  window.django?.jQuery?.(document).on("change", "select", edited);
  changed();
  if (side && !side.querySelector(".rule-checks")) soon("weigh", LONG_PAUSE);
});
