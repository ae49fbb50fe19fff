// The search box: rows and links that hold every word of it stay. "/" goes to it, arrows walk what is left, Escape ends.
(() => {
  "use strict";
  document.addEventListener("DOMContentLoaded", () => {
    const box = document.getElementById("search");
    const count = document.getElementById("search-count");
    const entries = [...document.querySelectorAll("[data-find] tbody tr, [data-find] li")];
    const texts = entries.map((entry) => entry.textContent.toLowerCase().replace(/\s+/g, " "));
    const parts = [...document.querySelectorAll("section")].filter((part) => part.querySelector("[data-find]"));
    const others = [...document.querySelectorAll("section")].filter((part) => !parts.includes(part));

    function filter() {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      let left = 0;
      entries.forEach((entry, at) => {
        entry.hidden = !words.every((word) => texts[at].includes(word));
        left += entry.hidden ? 0 : 1;
      });
      parts.forEach((part) => { part.hidden = ![...part.querySelectorAll("tbody tr, li")].some((one) => !one.hidden); });
      others.forEach((part) => { part.hidden = words.length > 0; });
      count.textContent = words.length ? (left ? `${left} found` : "nothing found; fewer letters find more") : "";
    }
    const shown = () => entries.filter((entry) => !entry.hidden).map((entry) => entry.querySelector("a")).filter(Boolean);

    box.closest("[hidden]").hidden = false;
    box.addEventListener("input", filter);
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const here = document.activeElement;
      if (event.key === "/" && here !== box) {
        event.preventDefault();
        box.focus();
        box.select();
      } else if (event.key === "Escape" && (here === box || shown().includes(here))) {
        box.value = "";
        filter();
        box.focus();
      } else if (event.key === "Enter" && here === box && box.value.trim()) {
        shown()[0]?.click();
      } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && (here === box || shown().includes(here))) {
        event.preventDefault();
        const all = [box, ...shown()];
        all[Math.max(0, Math.min(all.length - 1, all.indexOf(here) + (event.key === "ArrowDown" ? 1 : -1)))].focus();
      }
    });
    if (box.value) filter();
  });
})();
