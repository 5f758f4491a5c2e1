// The editor of a mapping: writes the document from its fields, and shows what each finds in the pasted sample.
document.addEventListener("DOMContentLoaded", () => {
  const root = document.querySelector("[data-mapping]");
  if (!root) return;
  const known = JSON.parse(document.getElementById("mapping-editor").textContent);
  const written = root.querySelector("[data-document]");
  const sample = root.querySelector("[data-sample]");
  const editor = root.querySelector("[data-editor]");
  const isFixed = root.hasAttribute("data-fixed");
  const PAUSE = 250;
  const { made, button, labeled, told, typed, formats, formatOf, quoted, within, offered } = window.mappingParts;

  // --- Elements ---------------------------------------------------------------------------------

  const input = (part, value, properties = {}) => {
    const text = value === undefined || value === null ? "" : String(value);
    const element = made("input", { type: "text", className: `${known.input} lb-key`, value: text, disabled: isFixed, ...properties });
    element.dataset.part = part;
    // A value that is not text keeps its kind until it is edited.
    if (value !== undefined && typeof value !== "string") element.dataset.given = JSON.stringify(value);
    return element;
  };
  const select = (part, options, value, properties = {}) => {
    const element = made("select", { className: known.select, disabled: isFixed, ...properties });
    element.dataset.part = part;
    for (const [code, words] of options) element.append(made("option", { value: code, textContent: words, selected: code === value }));
    return element;
  };
  const part = (row, name) => row.querySelector(`[data-part="${name}"]`);

  // --- A field ----------------------------------------------------------------------------------

  const kindOf = (name, scope) => known.kinds[scope][name] ?? "FREE";
  const row = (name, stored, scope) => {
    const given = typeof stored === "string" ? { from: stored } : (stored ?? { from: "" });
    const isConstant = "constant" in given;
    const kind = kindOf(name, scope);
    const line = made("div", { className: "mapping-row" });
    const values = Object.entries(given.values ?? {}).map(([theirs, ours]) => `${theirs} = ${ours}`).join("\n");
    const more = made(
      "div",
      { className: "mapping-more", hidden: !(formatOf(given) || values || given.default !== undefined) },
      labeled("If missing or empty", input("default", given.default)),
      labeled("Format", select("format", formats(kind, known), formatOf(given))),
      labeled("Pattern", input("pattern", given.pattern, { placeholder: "%d %b %Y" })),
      labeled("Time zone", input("zone", given.zone, { placeholder: "as the mapping’s" })),
      labeled("Their value = ours, one a line", made("textarea", { value: values, disabled: isFixed })),
      labeled("Any other value", select("else", Object.entries(known.otherwise), given.else ?? "refuse")),
    );
    more.querySelector("textarea").dataset.part = "values";
    const target = input("target", name, { placeholder: "attributes.…", title: name });
    target.setAttribute("list", `mapping-${scope}`);
    target.setAttribute("aria-label", "Field");
    line.append(
      made(
        "div",
        { className: "mapping-cells" },
        target,
        select("how", [["from", "finds"], ["constant", "is always"]], isConstant ? "constant" : "from", { ariaLabel: "How" }),
        input("given", isConstant ? given.constant : given.from, { ariaLabel: `Value of ${name || "the new field"}`, placeholder: "click here, then a place" }),
        button("Options", "Default, format and value map", () => (more.hidden = !more.hidden)),
        button("×", "Remove this field", () => (line.remove(), changed())),
      ),
      more,
      told(""),
    );
    target.addEventListener("change", () => {
      const format = part(line, "format");
      format.replaceChildren(...formats(kindOf(target.value.trim(), scope), known).map(([code, words]) => made("option", { value: code, textContent: words })));
    });
    const show = () => {
      const constant = part(line, "how").value === "constant";
      const format = part(line, "format").value;
      for (const [name_, isShown] of [
        ["default", !constant], ["format", !constant], ["values", !constant], ["else", !constant && part(line, "values").value.trim() !== ""],
        ["pattern", format === "date:pattern"], ["zone", format.startsWith("date:") || kindOf(target.value.trim(), scope) === "TIME"],
      ]) part(line, name_).closest("label").hidden = !isShown || (constant && name_ !== "default");
    };
    line.addEventListener("input", show);
    line.addEventListener("change", show);
    show();
    return line;
  };

  const fieldOf = (line) => {
    if (part(line, "how").value === "constant") return { constant: typed(part(line, "given")) };
    const field = { from: typed(part(line, "given")) };
    if (part(line, "default").value.trim()) field.default = typed(part(line, "default"));
    const [name, code] = part(line, "format").value.split(":");
    if (code) field[name] = code;
    if (field.date === "pattern") field.pattern = typed(part(line, "pattern"));
    if (!part(line, "zone").closest("label").hidden && typed(part(line, "zone"))) field.zone = typed(part(line, "zone"));
    const pairs = part(line, "values").value.split("\n").filter((pair) => pair.includes("="));
    if (pairs.length) {
      field.values = Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.lastIndexOf("=")).trim(), pair.slice(pair.lastIndexOf("=") + 1).trim()]));
      field.else = part(line, "else").value;
    }
    return field;
  };

  // --- The document -----------------------------------------------------------------------------

  const order = (scope) => Object.keys(known.kinds[scope]);
  const sorted = (fields, scope) => {
    const place = (name) => (order(scope).includes(name) ? order(scope).indexOf(name) : order(scope).length);
    return Object.entries(fields ?? {}).sort(([one], [other]) => place(one) - place(other) || one.localeCompare(other));
  };

  const block = (title, scope, settings, fields, removable) => {
    const panel = made("div", { className: "lb-panel" });
    panel.dataset.block = scope;
    const heading = made("h2", { textContent: title });
    const top = made("div", { className: "mapping-settings" });
    for (const [name, words, value, hint] of settings) {
      const box = input(name, value, { placeholder: hint });
      if (name === "zone") box.setAttribute("list", "mapping-zones");
      top.append(made("div", {}, labeled(words, box), told(name)));
    }
    const rows = made("div");
    rows.dataset.rows = "";
    for (const [name, given] of sorted(fields, scope)) rows.append(row(name, given, scope));
    const below = made("div", { className: "lb-inside lb-row" }, button("Add a field", "", () => {
      const line = row("", { from: "" }, scope);
      rows.append(line);
      part(line, "target").focus();
    }));
    if (removable) below.append(button("Remove the action", "", () => (panel.remove(), renumber(), changed())));
    panel.append(heading, top, rows, below);
    return panel;
  };

  const action = (given) =>
    block("Action", "action", [
      ["when", "Only if", given.when, "any record"],
      ["each", "One for each part of", given.each, "one per record"],
    ], given.fields, true);

  const renumber = () =>
    editor.querySelectorAll('[data-block="action"]').forEach((panel, place) => {
      panel.querySelector("h2").textContent = `Action ${place + 1}`;
    });

  const show = (content) => {
    const lead = block("Lead", "lead", [
      ["when", "Only records where", content.when, "every record"],
      ["leads_from", "Several leads in", content.leads_from, "one lead per record"],
      ["zone", "Time zone", content.zone, "America/Chicago"],
    ], content.fields, false);
    const add = made("div", { className: "lb-row", style: "margin-bottom: 24px" }, button("Add an action", "", () => {
      add.before(action({ fields: { id: { constant: "1" }, type: { constant: "" }, occurred_at: "" } }));
      renumber();
      changed();
    }));
    editor.replaceChildren(lead, ...(content.actions ?? []).map(action), add);
    renumber();
  };

  const settingsOf = (panel, names) =>
    Object.fromEntries(names.map((name) => [name, typed(panel.querySelector(`.mapping-settings [data-part="${name}"]`))]).filter(([, value]) => value));
  const fieldsOf = (panel, pointer) => {
    const fields = {};
    for (const line of panel.querySelectorAll(".mapping-row")) {
      const name = part(line, "target").value.trim();
      if (!name) continue;
      fields[name] = fieldOf(line);
      line.querySelector(".mapping-found").dataset.pointer = `${pointer}/fields/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    }
    return fields;
  };
  const write = () => {
    const lead = editor.querySelector('[data-block="lead"]');
    const content = { ...settingsOf(lead, ["when", "leads_from", "zone"]), fields: fieldsOf(lead, "") };
    const actions = [...editor.querySelectorAll('[data-block="action"]')].map((panel, place) => {
      for (const name of ["when", "each"]) panel.querySelector(`.mapping-settings .mapping-found[data-pointer$="${name}"]`).dataset.pointer = `/actions/${place}/${name}`;
      return { ...settingsOf(panel, ["when", "each"]), fields: fieldsOf(panel, `/actions/${place}`) };
    });
    for (const line of lead.querySelectorAll(".mapping-settings .mapping-found")) line.dataset.pointer = `/${line.dataset.pointer.replace("/", "")}`;
    if (actions.length) content.actions = actions;
    written.value = JSON.stringify(content);
  };

  // --- Picking a place --------------------------------------------------------------------------

  let picked = null;
  root.addEventListener("focusin", (event) => {
    if (event.target.matches('[data-part="given"], .mapping-settings [data-part="when"], [data-part="each"], [data-part="leads_from"]')) picked = event.target;
  });

  const listOf = (panel, name) => panel?.querySelector(`.mapping-settings [data-part="${name}"]`)?.value.trim() ?? "";

  const pick = (steps) => {
    if (!picked?.isConnected) return;
    const panel = picked.closest("[data-block]");
    const name = picked.dataset.part;
    const several = listOf(editor.querySelector('[data-block="lead"]'), "leads_from");
    const isOfRecord = panel.dataset.block === "lead" && ["when", "leads_from"].includes(name);
    let path = several && !isOfRecord ? within(steps, several) : steps;
    const each = name === "each" ? "" : listOf(panel, "each");
    if (each) path = within(path, each);
    if (["each", "leads_from"].includes(name) && typeof path.at(-1) === "number") path = path.slice(0, -1);
    picked.value = quoted(path);
    const how = picked.closest(".mapping-row")?.querySelector('[data-part="how"]');
    if (how) how.value = "from";
    picked.focus();
    changed();
  };

  // --- Asking the server ------------------------------------------------------------------------

  let asked = 0;
  let timer = 0;
  const post = async (address) => {
    const data = new FormData();
    data.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    data.set("document", written.value);
    data.set("sample", sample.value);
    data.set("door", document.querySelector("[name=door]")?.value ?? "");
    data.set("source", document.querySelector("[name=source]")?.value ?? known.source ?? "");
    const answer = await fetch(address, { method: "POST", body: data });
    return answer.ok ? answer.json() : null;
  };
  const say = (words, isFault = false) => {
    const line = root.querySelector("[data-told]");
    line.textContent = words;
    line.classList.toggle("mapping-fault", isFault);
  };

  const showAnswer = (answer) => {
    if (answer.fault) say(answer.fault, true);
    else if (root.querySelector("[data-told]").classList.contains("mapping-fault")) say("");
    root.querySelector("[data-result]").innerHTML = answer.result;
    root.querySelector("[data-places]").innerHTML = answer.places;
    for (const line of editor.querySelectorAll(".mapping-found")) {
      const pointer = line.dataset.pointer;
      const mistake = answer.mistakes.find((one) => one.pointer === pointer || one.pointer.startsWith(`${pointer}/`));
      const field = answer.fields[pointer];
      const value = field?.value === undefined ? "" : `${field.value}`;
      line.textContent = mistake ? mistake.words : field ? [value, field.told].filter(Boolean).join(" · ") : "";
      line.classList.toggle("mapping-fault", Boolean(mistake || field?.never));
    }
  };

  const attempt = async () => {
    const number = ++asked;
    try {
      const answer = await post(known.preview);
      // An older answer may arrive last; ignore it.
      if (answer && number === asked) showAnswer(answer);
    } catch {
      // The server is unavailable for a moment; the next change retries.
    }
  };
  const changed = () => {
    write();
    if (isFixed) return;
    window.clearTimeout(timer);
    timer = window.setTimeout(attempt, PAUSE);
  };

  // --- Start ------------------------------------------------------------------------------------

  const list = (id, names) => root.append(made("datalist", { id }, ...names.map((value) => made("option", { value }))));
  list("mapping-lead", order("lead"));
  list("mapping-action", order("action"));
  list("mapping-zones", known.zones);
  show(JSON.parse(written.value || "{}") ?? {});
  if (isFixed) return;

  root.querySelector("[data-places]").addEventListener("click", (event) => {
    const place = event.target.closest("[data-steps]");
    if (!place) return;
    if (picked?.isConnected) pick(JSON.parse(place.dataset.steps));
    else say("Click the field that the place is for, then the place.", true);
  });
  const ready = root.querySelector("[data-ready]");
  ready.className = known.select;
  const door = document.querySelector("[name=door]");
  ready.append(...offered(known.ready));
  ready.addEventListener("change", () => {
    const one = known.ready[ready.value];
    if (!one) return;
    if (door && !known.source) door.value = one.door;
    show(one.document);
    ready.value = "";
    changed();
  });
  root.querySelector("[data-propose]").addEventListener("click", async () => {
    const answer = await post(known.propose);
    if (!answer) return;
    if (answer.document) show(answer.document);
    changed();
    say(answer.fault || answer.questions.join(" ") || "Proposed by the names of the columns. Check each field.", Boolean(answer.fault));
  });
  root.addEventListener("input", (event) => event.target !== ready && changed());
  root.addEventListener("change", (event) => event.target !== ready && changed());
  // Fields with their own search box notify only jQuery.
  window.django?.jQuery?.(document).on("change", "[name=source], [name=door]", changed);
  document.querySelector("[name=source]")?.form.addEventListener("submit", write);
  changed();
});
