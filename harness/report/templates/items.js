// The item browser. Everything foreign reaches the page as text nodes; data comes as calls of itemsIndex and itemsShard.
(() => {
  "use strict";
  const ROW = 62, SPARE = 8, KEPT = 16, AT_ONCE = 4, MOST_EDITS = 1000, PIECE = 32;
  const SYMBOLS = { lost: "▼", gained: "▲", worse: "↓", better: "↑" };
  const ENDS = {
    stop: "ended by itself",
    length: "cut off at its limit of tokens",
    context: "cut off where the context was full",
  };
  // Characters that print nothing, or print as if they were a space.
  const UNSEEN = /((?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufe00-\ufe0e\u{e0100}-\u{e01ef}]|(?![ \u3000])\p{Zs})\1*/gu;
  const WORD = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]|[\p{L}\p{M}\p{N}_]+|[ \t]+|\n|[^]/gu;
  const trusted = globalThis.trustedTypes
    ? trustedTypes.createPolicy("items", { createScriptURL: checked }) : { createScriptURL: checked };
  const format = new Intl.NumberFormat("en");
  let data = null, chosen = -1, shown = new Int32Array(0), search = null, waiting = new Map();
  const shards = new Map();
  const $ = (selector) => document.querySelector(selector);

  function checked(url) {
    if (!/^items\/(index|\d{4,})\.js$/.test(url)) throw new TypeError(`not data of this page: ${url}`);
    return url;
  }
  function element(tag, className, ...children) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...children);
    return made;
  }
  function load(url) {
    return new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = trusted.createScriptURL(url);
      script.onload = () => { script.remove(); done(); };
      script.onerror = () => { script.remove(); failed(new Error(`${url} is missing: keep the folder items/ beside this page`)); };
      document.head.append(script);
    });
  }

  // ---- data: the index once, shards as they are needed, the last few kept
  globalThis.itemsIndex = (found) => { data = found; };
  globalThis.itemsShard = (number, found) => { waiting.set(number, found); };
  async function shard(number) {
    let found = shards.get(number);
    if (!found) {
      found = load(`items/${String(number).padStart(4, "0")}.js`).then(() => {
        const came = waiting.get(number);
        waiting.delete(number);
        return came;
      });
      found.catch(() => shards.delete(number));
    }
    shards.delete(number);  // the last used one stands last
    shards.set(number, found);
    for (const [old] of shards) { if (shards.size <= KEPT) break; shards.delete(old); }
    return found;
  }
  function shardOf(row) {
    let low = 0, high = data.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (data.starts[middle] <= row) low = middle; else high = middle - 1;
    }
    return low;
  }
  const itemOf = (row) => data.rows.item[row];
  const taskOf = (row) => data.tasks[data.items.task[itemOf(row)]];
  const armOf = (row) => data.arms[data.rows.arm[row]];
  const kindOf = (row) => data.kinds[data.rows.kind[row]];

  // ---- text, with what nobody could see made visible
  const codes = (text) => {
    const code = `U+${text.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
    const times = [...text].length;
    return times > 1 ? `${code}×${format.format(times)}` : code;
  };
  const visible = (text) => text.replace(UNSEEN, (found) => ` ${codes(found)} `);
  function put(parent, text) {
    let last = 0;
    for (const found of text.matchAll(UNSEEN)) {
      parent.append(text.slice(last, found.index), element("span", "unseen", codes(found[0])));
      last = found.index + found[0].length;
    }
    parent.append(text.slice(last));
  }
  const gap = (text) => `${format.format(text[2] - text[0].length - text[1].length)} of ${format.format(text[2])} characters are not shown here`;
  function putText(parent, text) {
    if (typeof text === "string") return put(parent, text);
    put(parent, text[0]);
    parent.append(element("span", "gap", gap(text)));
    put(parent, text[1]);
  }
  function block(text, className = "said") {
    const made = element("pre", text === "" ? `${className} none` : className);
    made.tabIndex = 0;
    if (text === "") made.append("(empty)"); else putText(made, text);
    return made;
  }

  // ---- differences, word by word: E. Myers, An O(ND) difference algorithm, Algorithmica 1, 1986
  function words(text) {
    if (typeof text !== "string") return [...words(text[0]), { gap: gap(text) }, ...words(text[1])];
    return (text.match(WORD) ?? []).flatMap((word) => word.length <= PIECE ? [word] : word.match(new RegExp(`[^]{1,${PIECE}}`, "gu")));
  }
  function differences(one, other) {
    const marks = [new Uint8Array(one.length), new Uint8Array(other.length)];
    let start = 0, ends = [one.length, other.length];
    while (start < Math.min(...ends) && one[start] === other[start]) start++;
    while (Math.min(...ends) > start && one[ends[0] - 1] === other[ends[1] - 1]) ends = [ends[0] - 1, ends[1] - 1];
    const path = edits(one.slice(start, ends[0]), other.slice(start, ends[1]));
    if (path === null) {
      marks[0].fill(1, start, ends[0]);
      marks[1].fill(1, start, ends[1]);
    } else {
      for (const [side, place] of path) marks[side][start + place] = 1;
    }
    return marks;
  }
  function edits(one, other) {
    const n = one.length, m = other.length, trace = [];
    let reach = new Int32Array(3);
    for (let d = 0; d <= n + m; d++) {
      if (d > MOST_EDITS) return null;
      trace.push(reach);
      const next = new Int32Array(2 * d + 5), at = d + 2, was = d + 1;
      for (let k = -d; k <= d; k += 2) {
        const down = k === -d || (k !== d && reach[was + k - 1] < reach[was + k + 1]);
        let x = d === 0 ? 0 : down ? reach[was + k + 1] : reach[was + k - 1] + 1;
        while (x < n && x - k < m && one[x] === other[x - k]) x++;
        next[at + k] = x;
        if (x >= n && x - k >= m) return back(trace, d, n, m);
      }
      reach = next;
    }
    return null;
  }
  function back(trace, d, n, m) {
    const found = [];
    for (let x = n, y = m; d > 0; d--) {
      const reach = trace[d], was = d + 1, k = x - y;
      const down = k === -d || (k !== d && reach[was + k - 1] < reach[was + k + 1]);
      const before = down ? k + 1 : k - 1;
      x = reach[was + before];
      y = x - before;
      found.push(down ? [1, y] : [0, x]);
    }
    return found;
  }
  function marked(parts, marks) {
    const made = element("pre", "said");
    made.tabIndex = 0;
    if (!parts.length) { made.classList.add("none"); made.append("(empty)"); }
    let run = "", mark = 0;
    const flush = () => {
      if (run === "") return;
      const inside = mark ? made.appendChild(element("mark")) : made;
      put(inside, mark ? run.replace(/\n/g, "↵\n") : run);
      run = "";
    };
    parts.forEach((part, place) => {
      if (marks[place] !== mark || typeof part !== "string") { flush(); mark = marks[place]; }
      if (typeof part === "string") run += part; else made.append(element("span", "gap", part.gap));
    });
    flush();
    return made;
  }

  // ---- one item
  const score = (value) => format.format(value);
  const chip = (kind) => element("span", `mark ${kind}`, element("span", "", `${SYMBOLS[kind]} `), kind);
  function head(row) {
    const task = taskOf(row), arm = armOf(row);
    const scores = `${visible(task[2])} ${score(data.rows.before[row])}\u00a0→\u00a0${score(data.rows.after[row])}`;
    return [
      element("h2", "", visible(data.items.id[itemOf(row)])),
      element("p", "summary", chip(kindOf(row)), `${visible(task[1])} · ${visible(arm[0])} against ${visible(arm[1])} · ${scores}`),
    ];
  }
  function title(name, value, finish) {
    const made = element("h3", "", element("b", "", visible(name)), `: score ${score(value)}`);
    if (finish) made.append(`, ${ENDS[finish] ?? `ended by ${visible(finish)}`}`);
    return made;
  }
  function replies(row, found, texts) {
    const made = element("div", "pair"), sides = [found[3], found[4]];
    const names = [`${armOf(row)[1]} (baseline)`, armOf(row)[0]], values = [data.rows.before[row], data.rows.after[row]];
    const columns = names.map((name, side) => element("div", "", title(name, values[side], sides[side][0]?.[2])));
    for (let sample = 0; sample < Math.max(sides[0].length, sides[1].length); sample++) {
      const both = sides.map((side) => side[sample] ? words(texts[side[sample][0]]) : null);
      const ids = new Map();
      const numbers = both.map((parts) => (parts ?? []).map((part) => {
        const key = typeof part === "string" ? part : `\u0000${part.gap}`;
        if (!ids.has(key)) ids.set(key, ids.size);
        return ids.get(key);
      }));
      const marks = both[0] && both[1] ? differences(...numbers) : numbers.map((list) => new Uint8Array(list.length));
      columns.forEach((column, side) => {
        if (sample > 0) column.append(element("h3", "", `sample ${sample + 1}`));
        column.append(both[side] ? marked(both[side], marks[side]) : element("p", "none", "Not kept."));
        const answer = sides[side][sample]?.[1] ?? -1;
        if (answer >= 0) column.append(element("h3", "", "of it, scored"), block(texts[answer]));
      });
    }
    made.append(...columns);
    return made;
  }
  const plain = (text) => typeof text === "string" ? text : `${text[0]} … ${text[1]}`;
  function choices(row, found, texts) {
    const perCharacter = taskOf(row)[2].startsWith("acc_norm");
    const lengths = found[2].map((choice) => [...plain(texts[choice]).replace(/^ /, "")].length || 1);
    const sides = [found[3][0]?.[3] ?? [], found[4][0]?.[3] ?? []]
      .map((side) => side.map((value, place) => value === null ? -Infinity : perCharacter ? value / lengths[place] : value));
    const best = sides.map((side) => side.indexOf(Math.max(...side)));
    const target = found[1] < 0 ? "" : plain(texts[found[1]]).trim();
    const top = element("tr", "", ...["Choice", `${visible(armOf(row)[1])} (baseline)`, visible(armOf(row)[0])].map((name, place) => {
      const cell = element("th", place ? "" : "word", name);
      cell.scope = "col";
      return cell;
    }));
    const body = found[2].map((choice, place) => {
      const words = element("td", "word");
      putText(words, texts[choice]);
      if (plain(texts[choice]).trim() === target) words.append(element("span", "right", "✓ right"));
      const values = sides.map((side, number) => {
        const text = side[place] === undefined ? "n/a" : Number.isFinite(side[place]) ? side[place].toFixed(perCharacter ? 3 : 2).replace("-", "−") : "none";
        return element("td", best[number] === place ? "picked" : "", best[number] === place ? `● ${text}` : text);
      });
      return element("tr", "", words, ...values);
    });
    const made = element("div", "scroll", element("table", "", element("thead", "", top), element("tbody", "", ...body)));
    const note = `Log-probability of each choice${perCharacter ? " per character, as the metric takes it" : ""} (nats); ● the likeliest.`;
    return [element("h3", "", "Choices"), made, element("p", "note", note)];
  }
  let turns = 0;
  async function read(row) {
    const article = $("article"), turn = ++turns;  // of two that wait for the same texts, the later one shows them
    article.replaceChildren(...head(row));
    article.removeAttribute("data-ready");
    let found, texts;
    try {
      const came = await shard(shardOf(row));
      [found, texts] = [came.r[row - data.starts[shardOf(row)]], came.s];
    } catch (error) {
      if (turn === turns && row === chosen) article.append(element("p", "warning", error.message));
      return;
    }
    if (turn !== turns || row !== chosen) return;
    article.dataset.ready = row;
    if (!found || found[0] < 0) {
      article.append(element("p", "none", "Prompt and replies are not here; the remarks below say why."));
      return;
    }
    const prompt = block(texts[found[0]], "said prompt");
    article.append(element("h3", "", "Prompt"), prompt);
    prompt.scrollTop = prompt.scrollHeight;  // the question stands behind the examples
    if (found[2].length) article.append(...choices(row, found, texts));
    else article.append(element("h3", "", "Target"), block(texts[found[1]]), replies(row, found, texts));
  }

  // ---- the list: only the rows in sight exist
  function paint() {
    const list = $(".list"), space = $(".space");
    space.style.height = `${shown.length * ROW}px`;
    const first = Math.max(0, Math.floor(list.scrollTop / ROW) - SPARE);
    const last = Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + SPARE);
    const here = new Map([...space.children].map((one) => [one.dataset.key, one]));
    const wanted = [];
    for (let place = first; place < last; place++) {
      const key = `${place}:${shown[place]}`;
      wanted.push(here.get(key) ?? line(place, key));
    }
    const keep = new Set(wanted);
    for (const one of here.values()) if (!keep.has(one)) one.remove();
    for (const one of wanted) {
      if (!one.isConnected) space.append(one);
      one.setAttribute("aria-selected", String(Number(one.dataset.row) === chosen));
    }
  }
  function line(place, key) {
    const row = shown[place], item = itemOf(row), task = taskOf(row);
    const name = element("span", "name", chip(kindOf(row)), element("b", "", visible(data.items.id[item])));
    const where = `${visible(task[1])} · ${visible(armOf(row)[0])} · ${score(data.rows.before[row])} → ${score(data.rows.after[row])}`;
    const made = element("div", "row", name, element("span", "where", where), element("span", "words", visible(data.items.text[item])));
    made.id = `row-${row}`;
    made.setAttribute("role", "option");
    made.setAttribute("aria-posinset", String(place + 1));
    made.setAttribute("aria-setsize", String(shown.length));
    Object.assign(made.dataset, { key, row });
    made.style.transform = `translateY(${place * ROW}px)`;
    return made;
  }
  function choose(row, quietly) {
    chosen = row;
    const list = $(".list");
    if (row < 0) {
      list.removeAttribute("aria-activedescendant");
      $("article").replaceChildren(element("p", "none", "No item fits what is asked for above."));
      paint();
      return;
    }
    reveal();
    list.setAttribute("aria-activedescendant", `row-${row}`);
    $(".reader").scrollTop = 0;
    read(row);
    tell();
    if (!quietly) history.replaceState(null, "", address(row));
  }
  function reveal() {
    const list = $(".list"), top = shown.indexOf(chosen) * ROW;
    $(".space").style.height = `${shown.length * ROW}px`;
    if (top < list.scrollTop) list.scrollTop = Math.max(0, top);
    else if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
    paint();
  }
  const address = (row) => `#${[taskOf(row)[0], data.items.id[itemOf(row)], armOf(row)[0]].map(safe).join("/")}`;
  function safe(text) {
    return encodeURIComponent(text.replace(/\p{Cs}/gu, "?"));
  }
  function move(steps) {
    if (!shown.length) return;
    const place = shown.indexOf(chosen);
    choose(shown[Math.min(shown.length - 1, Math.max(0, place < 0 ? 0 : place + steps))]);
  }
  function open(reading) {
    document.body.classList.toggle("reading", reading);
    if (reading) $("article").focus({ preventScroll: true });
    else { $(".list").focus({ preventScroll: true }); reveal(); }
  }

  // ---- which rows: filters at once, texts shard by shard
  function asked() {
    const form = new FormData($(".filters"));
    return Object.fromEntries([...form].map(([name, value]) => [name, name === "text" ? value.trim().toLowerCase() : value]));
  }
  function fits(row, want) {
    const kind = kindOf(row);
    return (want.task === "" || Number(want.task) === data.items.task[itemOf(row)])
      && (want.arm === "" || Number(want.arm) === data.rows.arm[row])
      && (want.kind === "" || want.kind === kind || (want.kind === "flips" && (kind === "lost" || kind === "gained")));
  }
  function list(keep) {
    const want = asked(), found = [];
    for (let row = 0; row < data.rows.item.length; row++) {
      if (fits(row, want) && (!search || search.hits[row])) found.push(row);
    }
    const size = (row) => Math.abs(data.rows.after[row] - data.rows.before[row]);
    if (want.order === "arm") found.sort((a, b) => data.rows.arm[a] - data.rows.arm[b] || a - b);
    if (want.order === "change") found.sort((a, b) => size(b) - size(a) || a - b);
    shown = Int32Array.from(found);
    if (!keep) $(".list").scrollTop = 0;
    if (chosen >= 0 && shown.includes(chosen)) paint();
    else choose(shown.length ? shown[0] : -1, location.hash === "");
    tell();
  }
  function tell() {
    const all = data.rows.item.length, place = shown.indexOf(chosen);
    const parts = [`${place < 0 ? "" : `item ${format.format(place + 1)} of `}${format.format(shown.length)} shown`];
    if (shown.length !== all) parts.push(`${format.format(all)} changed in all`);
    if (search && search.read < search.all) parts.push(`searching: ${format.format(search.read)} of ${format.format(search.all)} read`);
    if (search?.problem) parts.push(search.problem);
    $(".count").textContent = parts.join(" · ");
  }
  async function find(query) {
    if (query === "") { search = null; return list(); }
    const mine = { query, hits: new Uint8Array(data.rows.item.length), read: 0, all: data.rows.item.length, problem: "" };
    search = mine;
    const items = data.items.id.map((id, at) => id.toLowerCase().includes(query) || data.items.text[at].toLowerCase().includes(query));
    data.rows.item.forEach((item, row) => { mine.hits[row] = Number(items[item]); });
    list();
    let next = 0, painted = performance.now();
    const reader = async () => {
      while (search === mine && next < data.starts.length) {
        const number = next++;
        try { look(mine, number, await shard(number)); } catch (error) { mine.problem = error.message; }
        mine.read += (data.starts[number + 1] ?? mine.all) - data.starts[number];
        if (search === mine && performance.now() - painted > 250) { painted = performance.now(); list(true); }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, reader));
    if (search === mine) { mine.read = mine.all; list(true); }
  }
  function look(mine, number, came) {
    const has = came.s.map((text) => plain(text).toLowerCase().includes(mine.query));
    came.r.forEach((row, place) => {
      if (!row) return;
      const numbers = [row[0], row[1], ...row[2], ...row[3].map((one) => one[0]), ...row[4].map((one) => one[0])];
      if (numbers.some((one) => one >= 0 && has[one])) mine.hits[data.starts[number] + place] = 1;
    });
  }

  // ---- addresses: #task, #task//arm or #task/item/arm
  function follow() {
    let parts;
    try { parts = location.hash.slice(1).split("/").map(decodeURIComponent); } catch { return false; }
    const form = $(".filters"), task = data.tasks.findIndex((one) => safe(one[0]) === safe(parts[0]));
    if (task < 0) return false;
    const arm = data.arms.findIndex((one) => parts[2] && safe(one[0]) === safe(parts[2]));
    if (parts[1]) {
      const matches = (row) => data.items.task[itemOf(row)] === task && safe(data.items.id[itemOf(row)]) === safe(parts[1])
        && (arm < 0 || data.rows.arm[row] === arm);
      const row = data.rows.item.findIndex((_, at) => matches(at));
      if (row < 0) return false;
      if (!shown.includes(row)) { form.reset(); form.kind.value = fits(row, asked()) ? form.kind.value : ""; search = null; list(); }
      choose(row);
      document.body.classList.add("reading");
      return true;
    }
    form.reset();
    form.task.value = String(task);
    if (arm >= 0) form.arm.value = String(arm);
    if (!form.kind.options.length) return false;
    list();
    return true;
  }
  function keys(event) {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName), box = $(".help");
    if (event.ctrlKey || event.altKey || event.metaKey || box.open) return;
    if (typing) {
      if (event.key === "Escape" || (event.key === "Enter" && event.target.name === "text")) { event.preventDefault(); open(false); }
      return;
    }
    const inList = !event.target.closest(".reader, button, a"), page = Math.floor($(".list").clientHeight / ROW) || 1;
    const steps = { j: 1, k: -1, ...(inList ? { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity } : {}) };
    if (event.key in steps) move(steps[event.key]);
    else if (event.key === "/") { open(false); $(".filters").text.focus(); }
    else if (event.key === "?") box.showModal();
    else if (event.key === "Enter" && inList && chosen >= 0) open(true);
    else if (event.key === "Escape") open(false);
    else return;
    event.preventDefault();
  }
  function begin() {
    const form = $(".filters");
    data.tasks.forEach((task, number) => form.task.append(new Option(visible(task[1]), number)));
    data.arms.forEach((arm, number) => form.arm.append(new Option(visible(arm[0]), number)));
    const flips = data.rows.kind.filter((kind) => kind < 2).length;
    if (!flips) form.kind.querySelector("[value=flips]").remove();
    else form.kind.querySelector("[value=flips]").textContent += ` (${format.format(flips)})`;
    if (!flips) form.kind.querySelector("[value='']").defaultSelected = true;
    form.reset();
    let later = 0;
    form.addEventListener("input", (event) => {
      clearTimeout(later);
      if (event.target.name === "text") later = setTimeout(() => find(asked().text), 200); else list();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    $(".list").addEventListener("scroll", () => requestAnimationFrame(paint), { passive: true });
    addEventListener("resize", paint);
    $(".list").addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (!row) return;
      choose(Number(row.dataset.row));
      document.body.classList.add("reading");
    });
    $("[data-back]").addEventListener("click", () => open(false));
    document.querySelectorAll("[data-move]").forEach((one) => one.addEventListener("click", () => move(Number(one.dataset.move))));
    $("[data-help]").addEventListener("click", () => $(".help").showModal());
    $("[data-skip]").addEventListener("click", (event) => { event.preventDefault(); $(".list").focus(); });
    document.addEventListener("keydown", keys);
    addEventListener("hashchange", follow);
    if (!follow()) list();
    document.documentElement.dataset.listed = String(Math.round(performance.now()));
  }
  document.addEventListener("DOMContentLoaded", () => {
    load("items/index.js").then(begin, (error) => { $(".count").textContent = error.message; });
  });
})();
