// What the editor of a mapping is built from: elements, what is typed into them, and expressions for places.
{
  const made = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const button = (label, title, pressed) => made("button", { type: "button", className: "mapping-button", textContent: label, title, onclick: pressed });
  const labeled = (words, ...children) => made("label", {}, made("span", { textContent: words }), ...children);
  const told = (pointer) => {
    const line = made("p", { className: "mapping-found" });
    line.dataset.pointer = pointer;
    return line;
  };
  const typed = (element) => {
    if (!element) return "";
    const given = element.dataset.given;
    return given !== undefined && String(JSON.parse(given)) === element.value ? JSON.parse(given) : element.value.trim();
  };

  const formats = (kind, known) => {
    const dates = Object.entries(known.dates).map(([code, words]) => [`date:${code}`, words]);
    const numbers = Object.entries(known.numbers).map(([code, words]) => [`number:${code}`, words]);
    const slug = ["text:slug", "as a code (trade_show)"];
    const usual = { TIME: ["", "iso, unless another is chosen"], NUMBER: ["", "decimal point"] }[kind] ?? ["", "as it is"];
    return [usual, ...({ TIME: dates, NUMBER: numbers, FLAG: [], TEXT: [slug], ID: [slug] }[kind] ?? [slug, ...dates, ...numbers])];
  };
  const formatOf = (given) => ["date", "number", "text"].filter((name) => given[name]).map((name) => `${name}:${given[name]}`)[0] ?? "";

  const quoted = (steps) =>
    steps.reduce((text, step) => {
      if (typeof step === "number") return `${text}[${step}]`;
      const name = /^[A-Za-z_][A-Za-z0-9_]*$/.test(step) ? step : JSON.stringify(step);
      return text ? `${text}.${name}` : name;
    }, "");

  // Inside a list, a place starts at `item`; what surrounds it, at `record`.
  const within = (steps, list) => {
    const found = list.replaceAll("[]", "").replaceAll("[*]", "");
    for (let end = 1; end <= steps.length; end += 1) {
      const before = steps.slice(0, end);
      if (quoted(before.filter((step) => typeof step !== "number")) !== found) continue;
      const isPart = typeof steps[end] === "number";
      if (isPart || before.some((step) => typeof step === "number")) return ["item", ...steps.slice(isPart ? end + 1 : end)];
    }
    return ["record", ...steps];
  };

  // The ready-made mappings, those for the same door together.
  const offered = (ready) => {
    const groups = new Map();
    for (const [code, one] of Object.entries(ready)) {
      if (!groups.has(one.for)) groups.set(one.for, made("optgroup", { label: one.for }));
      groups.get(one.for).append(made("option", { value: code, textContent: one.name }));
    }
    return [...groups.values()];
  };

  window.mappingParts = { made, button, labeled, told, typed, formats, formatOf, quoted, within, offered };
}
