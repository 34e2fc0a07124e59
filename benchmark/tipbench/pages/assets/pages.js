"use strict";
(() => {
  /* Rows that are in the page at once; the others are kept beside it, so that sorting is fast. */
  const MOST = 100;
  /* Rows and columns from which on a table has a search and a choice of columns. */
  const MANY_ROWS = 12, MANY_COLUMNS = 6;
  const USUAL = "*usual";

  const stored = (name, value) => {
    try {
      if (value === undefined) return localStorage.getItem(`tipbench-${name}`);
      localStorage.setItem(`tipbench-${name}`, value);
    } catch {
      /* A page that is opened from disk may have no storage. */
    }
    return null;
  };

  const theme = stored("theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;

  const isDark = () =>
    (document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

  const setUpTheme = (button) => {
    const say = () => {
      button.textContent = isDark() ? "Light" : "Dark";
      button.setAttribute("aria-label", `Use ${isDark() ? "light" : "dark"} colours`);
    };
    button.hidden = false;
    button.addEventListener("click", () => {
      document.documentElement.dataset.theme = isDark() ? "light" : "dark";
      stored("theme", document.documentElement.dataset.theme);
      say();
    });
    say();
  };

  const make = (tag, more, ...inside) => {
    const made = Object.assign(document.createElement(tag), more);
    made.append(...inside);
    return made;
  };

  /* A switch that covers columns, filters and parts of class "t" until it is on; a page may have none. */
  let covers = null;
  const isCovered = () => covers !== null && !covers.checked;
  const setUpCover = (box) => {
    covers = box;
    if (box === null) return;
    box.checked = stored("truth") === "shown";
    box.addEventListener("change", () => {
      stored("truth", box.checked ? "shown" : "hidden");
      for (const table of tables) table.switched();
      keepInAddress();
    });
  };

  /* The address: what differs from the first sight of a table, as #overall.task=advert_risk&overall.sort=-score. */
  const tables = [];
  const inAddress = () => new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
  const keepInAddress = () => {
    const kept = new URLSearchParams();
    for (const table of tables) {
      for (const [name, value] of Object.entries(table.differs())) kept.set(`${table.id}.${name}`, value);
    }
    history.replaceState(null, "", `${location.href.split("#")[0]}${kept.toString() ? `#${kept}` : ""}`);
  };
  const readAddress = () => {
    const said = inAddress();
    let first = null;
    for (const table of tables) {
      const mine = [...said].filter(([name]) => name.startsWith(`${table.id}.`));
      if (mine.length && first === null) first = table;
      table.take(Object.fromEntries(mine.map(([name, value]) => [name.slice(table.id.length + 1), value])));
    }
    hideColumns();
    if (first !== null) first.show();
  };

  /* One sheet says which columns are not shown, and which hold numbers: faster than touching every cell. */
  const sheet = new CSSStyleSheet();
  const hideColumns = () => sheet.replaceSync(tables.map((table) => table.rules()).join(""));

  /* What stands at the right of the window is told in words as well. */
  const tellBeyond = (box, headings, sideways) => {
    const end = box.getBoundingClientRect().right + 2;
    const beyond = headings.filter((heading) => heading.offsetWidth && heading.getBoundingClientRect().right > end).length;
    sideways.hidden = beyond === 0 || box.clientWidth === 0;
    sideways.textContent = `Scroll sideways: ${beyond} more ${beyond === 1 ? "column" : "columns"} →`;
  };

  /* A table without controls, which is told of in the same words. */
  const setUpPlain = (box) => {
    const headings = [...box.querySelectorAll("thead th")];
    const sideways = make("p", { className: "sideways", hidden: true });
    const measure = () => tellBeyond(box, headings, sideways);
    box.before(sideways);
    box.addEventListener("scroll", measure, { passive: true });
    new ResizeObserver(measure).observe(box);
  };

  const setUpTable = (section) => {
    const id = section.id;
    const body = section.querySelector("tbody");
    const headings = [...section.querySelectorAll("thead th")];
    const names = headings.map((heading) => heading.firstChild.textContent.trim());
    /* A heading without a key has the name of its column. */
    headings.forEach((heading, at) => { heading.dataset.key ??= names[at].replaceAll(" ", "_"); });
    const keys = headings.map((heading) => heading.dataset.key);
    const rows = [...body.rows];
    const selects = [...section.querySelectorAll("select")];
    const box = section.querySelector(".scroll");
    /* What no page needs that has no script is made here. */
    const controls = section.querySelector(".controls");
    const search = make("input", { type: "search", autocomplete: "off", spellcheck: false });
    const reset = make("button", { type: "button", className: "reset" }, "Reset");
    controls.prepend(make("label", { className: "search" }, "Search ", search));
    controls.append(reset);
    const sideways = make("p", { className: "sideways", hidden: true });
    controls.after(sideways);
    const count = make("p", { className: "count" });
    count.setAttribute("role", "status");
    const more = make("button", { type: "button", className: "more", hidden: true }, "Show all");
    const under = section.querySelector(".under") ?? make("div", { className: "under" });
    under.prepend(count, more);
    if (!under.isConnected) box.after(under);
    /* What columns mean may be told by a file that pages share; "*": of all that it does not name. */
    const meanings = window.columns?.[id] ?? {};
    headings.forEach((heading, at) => { heading.title ||= meanings[keys[at]] ?? meanings["*"] ?? ""; });
    const texts = new Map();
    const words = [];
    const fixed = headings.map((heading) => "fixed" in heading.dataset);
    const later = headings.map((heading) => "later" in heading.dataset);
    const isHidden = (column) => isCovered() && headings[column].classList.contains("t");
    const state = { column: -1, down: false, all: false, hidden: [...later] };

    const text = (column) => {
      if (!texts.has(column)) texts.set(column, rows.map((row) => row.cells[column].textContent));
      return texts.get(column);
    };
    const value = (column) => {
      const key = `v${column}`;
      if (!texts.has(key)) {
        texts.set(key, rows.map((row) => {
          const cell = row.cells[column];
          const known = cell.dataset.v ?? cell.textContent; /* without, the text is the number */
          return known === "" || known === "-" ? null : Number(known);
        }));
      }
      return texts.get(key);
    };
    /* Choices that are the words of their column. */
    for (const select of selects.filter((one) => "words" in one.dataset)) {
      const words = new Set(text(Number(select.dataset.column)).flatMap((one) => one.split(", ")));
      words.delete("-");
      select.append(...[...words].map((word) => new Option(word, word)));
    }
    const sought = () => {
      if (!words.length) {
        for (const row of rows) {
          const cells = isCovered() ? [...row.cells].filter((cell) => !cell.classList.contains("t")) : [...row.cells];
          words.push(cells.map((cell) => cell.textContent).join(" ").toLowerCase());
        }
      }
      return words;
    };

    const matching = () => {
      let kept = rows.map((_, at) => at);
      for (const select of selects) {
        const wanted = select.value;
        if (wanted === USUAL) kept = kept.filter((at) => "usual" in rows[at].dataset);
        else if (wanted !== "") {
          const of = text(Number(select.dataset.column));
          kept = kept.filter((at) => of[at] === wanted || of[at].split(", ").includes(wanted));
        }
      }
      const typed = search.value.trim().toLowerCase();
      for (const word of typed ? typed.split(/\s+/) : []) kept = kept.filter((at) => sought()[at].includes(word));
      return kept;
    };

    const sorted = (kept) => {
      if (state.column < 0) return kept;
      const number = "number" in headings[state.column].dataset;
      const of = number ? value(state.column) : text(state.column);
      const sign = state.down ? -1 : 1;
      const none = (x) => x === null || x === "-";
      const compare = number ? (a, b) => a - b : (a, b) => (a < b ? -1 : a > b ? 1 : 0);
      return kept.sort((a, b) => {
        if (none(of[a]) || none(of[b])) return none(of[a]) - none(of[b]) || a - b;
        return sign * compare(of[a], of[b]) || a - b;
      });
    };

    const measure = () => tellBeyond(box, headings, sideways);

    const update = () => {
      const found = sorted(matching());
      const shown = state.all ? found : found.slice(0, MOST);
      body.replaceChildren(...shown.map((at) => rows[at]));
      const those = found.length === rows.length ? `${rows.length.toLocaleString("en")} ${rows.length === 1 ? "row" : "rows"}`
        : `${found.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows`;
      count.textContent = shown.length < found.length ? `${those}, the first ${MOST} shown` : those;
      more.hidden = shown.length === found.length;
      more.textContent = `Show all ${found.length.toLocaleString("en")}`;
      for (const heading of headings) heading.removeAttribute("aria-sort");
      if (state.column >= 0) headings[state.column].setAttribute("aria-sort", state.down ? "descending" : "ascending");
    };
    const changed = () => { update(); measure(); keepInAddress(); };

    const boxes = [];
    const summary = make("summary");
    const sayColumns = () => {
      for (const one of boxes) one.box.checked = !state.hidden[one.column];
      const uncovered = headings.map((_, column) => column).filter((column) => !isHidden(column));
      summary.textContent = `Columns (${uncovered.filter((column) => !state.hidden[column]).length} of ${uncovered.length})`;
    };
    const showColumns = () => { sayColumns(); hideColumns(); measure(); keepInAddress(); };
    const setUpColumns = () => {
      const checks = make("div", { className: "checks" });
      headings.forEach((_, column) => {
        if (fixed[column]) return;
        const one = make("input", { type: "checkbox" });
        checks.append(make("label", { className: headings[column].className }, one, names[column]));
        boxes.push({ box: one, column });
        one.addEventListener("change", () => { state.hidden[column] = !one.checked; showColumns(); });
      });
      reset.before(make("details", { className: "chooser" }, summary, checks));
    };

    const first = () => {
      search.value = "";
      for (const select of selects) for (const option of select.options) option.selected = option.defaultSelected;
      Object.assign(state, { column: -1, down: false, all: false, hidden: [...later] });
    };

    tables.push({
      id,
      measure,
      switched: () => {
        words.length = 0;
        for (const select of selects) if (isHidden(Number(select.dataset.column))) select.value = "";
        if (state.column >= 0 && isHidden(state.column)) state.column = -1;
        sayColumns();
        update();
        measure();
      },
      rules: () => headings.map((heading, at) => {
        const cells = `#${id} tr > :nth-child(${at + 1})`;
        return (state.hidden[at] ? `${cells} { display: none; }` : "")
          + ("number" in heading.dataset ? `${cells} { text-align: right; }` : "");
      }).join(""),
      differs: () => {
        const found = {};
        if (search.value.trim()) found.search = search.value.trim();
        for (const select of selects) {
          const usual = [...select.options].find((option) => option.defaultSelected) ?? select.options[0];
          if (select.value !== usual.value) found[select.dataset.key] = select.value;
        }
        if (state.column >= 0) found.sort = `${state.down ? "-" : ""}${keys[state.column]}`;
        if (state.hidden.some((hidden, at) => hidden !== later[at])) {
          found.columns = keys.filter((_, at) => !state.hidden[at]).join(",");
        }
        return found;
      },
      take: (said) => {
        first();
        search.value = said.search ?? "";
        for (const select of selects) {
          const wanted = said[select.dataset.key];
          if (isHidden(Number(select.dataset.column))) continue;
          if ([...select.options].some((option) => option.value === wanted)) select.value = wanted;
        }
        const sort = said.sort ?? "";
        state.down = sort.startsWith("-");
        state.column = keys.indexOf(sort.slice(state.down ? 1 : 0));
        if (state.column >= 0 && isHidden(state.column)) state.column = -1;
        if (said.columns !== undefined) {
          const wanted = new Set(said.columns.split(","));
          state.hidden = keys.map((key, at) => !fixed[at] && !wanted.has(key));
        }
        sayColumns();
        update();
      },
      show: () => {
        const fold = section.querySelector(".fold");
        if (fold) fold.open = true;
        section.scrollIntoView({ behavior: "instant" });
      },
    });

    headings.forEach((heading, column) => {
      const button = make("button", { type: "button" }, ...heading.childNodes);
      heading.replaceChildren(button);
      button.addEventListener("click", () => {
        const number = "number" in heading.dataset;
        state.down = state.column === column ? !state.down : number && heading.dataset.key !== "rank";
        state.column = column;
        changed();
      });
    });
    for (const select of selects) select.addEventListener("change", () => { state.all = false; changed(); });
    search.addEventListener("input", () => { state.all = false; changed(); });
    more.addEventListener("click", () => { state.all = true; update(); measure(); box.focus(); });
    reset.addEventListener("click", () => { first(); update(); showColumns(); });
    box.addEventListener("scroll", measure, { passive: true });
    new ResizeObserver(measure).observe(box);

    const many = rows.length > MANY_ROWS;
    search.parentElement.hidden = !many;
    if (headings.length > MANY_COLUMNS) setUpColumns();
    controls.hidden = !(many || selects.length || headings.length > MANY_COLUMNS);
  };

  /* A figure that has no file is saved from the page, in the colours of the day. */
  const setUpSave = (figure) => {
    const button = make("button", { type: "button", className: "save" }, "SVG");
    figure.append(make("p", { className: "downloads" }, button));
    button.addEventListener("click", () => {
      const root = document.documentElement, chosen = root.dataset.theme;
      const svg = figure.querySelector("svg.drawing").cloneNode(true);
      const paper = document.createElementNS(svg.namespaceURI, "rect");
      for (const [name, value] of [["width", "100%"], ["height", "100%"], ["fill", "var(--paper)"]]) paper.setAttribute(name, value);
      svg.prepend(paper);
      root.dataset.theme = "light";
      const look = getComputedStyle(root);
      svg.setAttribute("font-family", look.fontFamily);
      const text = new XMLSerializer().serializeToString(svg)
        .replace(/var\((--[a-z-]+)\)/g, (_, name) => look.getPropertyValue(name).trim());
      if (chosen === undefined) delete root.dataset.theme; else root.dataset.theme = chosen;
      const page = location.pathname.split("/").pop().replace(/\.html$/, "");
      const href = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
      make("a", { href, download: `${decodeURIComponent(page)}-${figure.id}.svg` }).click();
      setTimeout(() => URL.revokeObjectURL(href));
    });
  };

  const setUpFolds = () => {
    const folds = [...document.querySelectorAll(".fold")];
    let opened = [];
    addEventListener("beforeprint", () => {
      opened = folds.filter((fold) => !fold.open);
      for (const fold of opened) fold.open = true;
    });
    addEventListener("afterprint", () => { for (const fold of opened) fold.open = false; });
  };

  document.addEventListener("DOMContentLoaded", () => {
    setUpTheme(document.querySelector(".theme"));
    setUpCover(document.querySelector("#truth"));
    document.adoptedStyleSheets = [sheet];
    document.querySelectorAll("[data-table]").forEach(setUpTable);
    [...document.querySelectorAll(".scroll")].filter((box) => !box.closest("[data-table]")).forEach(setUpPlain);
    document.querySelectorAll("figure:not(:has(.downloads))").forEach(setUpSave);
    setUpFolds();
    readAddress();
    addEventListener("hashchange", () => {
      if (!location.hash.includes("=")) return;
      readAddress();
      for (const table of tables) table.measure();
    });
    const menus = [...document.querySelectorAll(".menu, .chooser")];
    document.addEventListener("click", (event) => {
      for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      for (const menu of menus.filter((one) => one.open)) { menu.open = false; menu.querySelector("summary").focus(); }
    });
  });
})();
