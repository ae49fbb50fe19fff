// The page's own script: column headers that sort, and light or dark by choice. Without it the page reads the same.
(() => {
  "use strict";
  const root = document.documentElement;
  const SCHEMES = ["auto", "light", "dark"];
  const UNITS = {
    B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40,
    "µs": 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600,
  };
  const NUMBER = /^[^\d\w+\-−]*([+\-−]?\d[\d,]*\.?\d*(?:e[+-]?\d+)?)\s*([A-Za-zµ]*)/;

  function stored() {
    try { return localStorage.getItem("harness-scheme"); } catch { return null; }
  }
  function keep(name) {
    try { localStorage.setItem("harness-scheme", name); } catch { /* not allowed here: holds for this page only */ }
  }
  function scheme() {
    return SCHEMES.includes(root.dataset.scheme) ? root.dataset.scheme : "auto";
  }
  if (SCHEMES.includes(stored())) root.dataset.scheme = stored();

  function addToggle(place) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "scheme";
    const say = () => { button.textContent = `Colours: ${scheme()}`; };
    button.addEventListener("click", () => {
      root.dataset.scheme = SCHEMES[(SCHEMES.indexOf(scheme()) + 1) % SCHEMES.length];
      keep(scheme());
      say();
    });
    say();
    place.append(button);
  }

  // What a cell sorts by: its own data-value, else the number its main text starts with, in the unit's base.
  function keyOf(row, index) {
    const cell = row.cells[index];
    const text = cell ? (cell.dataset.value ?? (cell.querySelector(".main, code") ?? cell).textContent).trim() : "";
    const found = NUMBER.exec(text);
    const number = found ? Number(found[1].replaceAll(",", "").replace("−", "-")) * (UNITS[found[2]] ?? 1) : NaN;
    return { text, number };
  }
  function compare(one, other) {
    const known = [one, other].map((key) => !Number.isNaN(key.number));
    if (known[0] && known[1]) return one.number - other.number;
    return one.text.localeCompare(other.text, "en", { numeric: true });
  }
  function rank(key, words) {  // what is not known stands last, whichever way the column is sorted
    return words ? Number(key.text === "") : Number(Number.isNaN(key.number));
  }

  function makeSortable(table) {
    const body = table.tBodies[0];
    if (!body || body.rows.length < 2) return;
    const original = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const was = head.getAttribute("aria-sort");
        const now = was === null ? "ascending" : was === "ascending" ? "descending" : null;
        heads.forEach((one) => one.removeAttribute("aria-sort"));
        const rows = original.map((row) => ({ row, key: keyOf(row, index) }));
        if (now) {
          head.setAttribute("aria-sort", now);
          const words = rows.every((one) => Number.isNaN(one.key.number));
          const sign = now === "ascending" ? 1 : -1;
          rows.sort((a, b) => rank(a.key, words) - rank(b.key, words) || sign * compare(a.key, b.key));
        }
        body.append(...rows.map((one) => one.row));
      });
    });
  }

  // A printed page has everything open.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((one) => { one.open = false; }));

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-tools]").forEach(addToggle);
    document.querySelectorAll("table[data-sort]").forEach(makeSortable);
    // A link into a folded part opens it.
    const reveal = () => {
      const id = location.hash.slice(1);  // ours are plain letters; a foreign one may be no valid escape
      const target = id && document.getElementById(id);
      for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
      if (target) target.scrollIntoView();
    };
    addEventListener("hashchange", reveal);
    if (location.hash) reveal();
  });
})();
