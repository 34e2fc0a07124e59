"use strict";
/* Tables on a narrow screen: one with sentences is told row by row (site.css), a wider one says that it scrolls. */
(() => {
  const SENTENCE = 40, WIDE = 2, LABEL = 16;
  const text = (cell) => cell.textContent.trim();

  const tell = (table) => {
    const headings = [...table.querySelectorAll("thead th")].map(text);
    const cells = [...table.querySelectorAll("tbody td")];
    if (headings.length <= WIDE || !cells.some((cell) => text(cell).length > SENTENCE)) return;
    table.dataset.told = headings[0] ? "" : "numbered";
    for (const cell of cells) if (headings[cell.cellIndex].length <= LABEL) cell.dataset.label = headings[cell.cellIndex];
  };

  /* The theme puts a table into a box that scrolls, after this has run. */
  const hint = (inside, boxOf) => {
    const said = Object.assign(document.createElement("p"), { className: "sideways", textContent: "Scroll sideways →" });
    const measure = () => {
      const box = boxOf();
      if (!box) return;
      if (!said.isConnected) {
        box.before(said);
        box.addEventListener("scroll", measure, { passive: true });
      }
      said.hidden = box.scrollWidth - box.scrollLeft - box.clientWidth < 8;
    };
    new ResizeObserver(measure).observe(inside);
    new MutationObserver(measure).observe(inside.parentElement, { childList: true });
    addEventListener("resize", measure);
    measure();
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const table of document.querySelectorAll(".md-typeset table:not([class])")) {
      tell(table);
      hint(table, () => table.closest(".md-typeset__scrollwrap"));
    }
    for (const frame of document.querySelectorAll("figure.picture .frame, p:has(> img, > a > img)")) hint(frame, () => frame);
  });
})();
