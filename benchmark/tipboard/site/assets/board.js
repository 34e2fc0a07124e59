"use strict";
(() => {
  /* Rows that are in the page at once; the others are kept beside it, so that sorting is fast. */
  const MOST = 100;
  const USUAL = "*usual";

  const stored = (value) => {
    try {
      if (value === undefined) return localStorage.getItem("tipbench-theme");
      localStorage.setItem("tipbench-theme", value);
    } catch {
      /* A page that is opened from disk may have no storage. */
    }
    return null;
  };

  const theme = stored();
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
      stored(document.documentElement.dataset.theme);
      say();
    });
    say();
  };

  const setUpTable = (section) => {
    const body = section.querySelector("tbody");
    const headings = [...section.querySelectorAll("thead th")];
    const rows = [...body.rows];
    const selects = [...section.querySelectorAll("select")];
    const search = section.querySelector("input");
    const count = section.querySelector(".count");
    const more = section.querySelector(".more");
    const texts = new Map();
    const words = [];
    const state = { column: -1, down: false, all: false };

    const text = (column) => {
      if (!texts.has(column)) texts.set(column, rows.map((row) => row.cells[column].textContent));
      return texts.get(column);
    };
    const value = (column) => {
      const key = `v${column}`;
      if (!texts.has(key)) {
        texts.set(key, rows.map((row) => {
          const known = row.cells[column].dataset.v;
          return known === "" || known === undefined ? null : Number(known);
        }));
      }
      return texts.get(key);
    };
    const sought = () => {
      if (!words.length) for (const row of rows) words.push(row.textContent.toLowerCase());
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

    const update = () => {
      const found = sorted(matching());
      const shown = state.all ? found : found.slice(0, MOST);
      body.replaceChildren(...shown.map((at) => rows[at]));
      const those = found.length === rows.length ? `${rows.length.toLocaleString("en")} ${rows.length === 1 ? "row" : "rows"}`
        : `${found.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows`;
      count.textContent = shown.length < found.length ? `${those}, the first ${MOST} shown` : those;
      more.hidden = shown.length === found.length;
      more.textContent = `Show all ${found.length.toLocaleString("en")}`;
    };

    headings.forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = heading.textContent;
      heading.replaceChildren(button);
      button.addEventListener("click", () => {
        const number = "number" in heading.dataset;
        state.down = state.column === column ? !state.down : number && heading.dataset.key !== "rank";
        state.column = column;
        for (const other of headings) other.removeAttribute("aria-sort");
        heading.setAttribute("aria-sort", state.down ? "descending" : "ascending");
        update();
      });
    });
    for (const select of selects) select.addEventListener("change", () => { state.all = false; update(); });
    search.addEventListener("input", () => { state.all = false; update(); });
    more.addEventListener("click", () => { state.all = true; update(); section.querySelector(".scroll").focus(); });
    section.querySelector(".reset").addEventListener("click", () => {
      search.value = "";
      for (const select of selects) for (const option of select.options) option.selected = option.defaultSelected;
      for (const heading of headings) heading.removeAttribute("aria-sort");
      Object.assign(state, { column: -1, down: false, all: false });
      update();
    });
    if (rows.length > 12 || selects.length) section.querySelector(".controls").hidden = false;
    update();
  };

  document.addEventListener("DOMContentLoaded", () => {
    setUpTheme(document.querySelector(".theme"));
    document.querySelectorAll("[data-table]").forEach(setUpTable);
    const menu = document.querySelector(".menu");
    document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && menu.open) { menu.open = false; menu.querySelector("summary").focus(); }
    });
  });
})();
