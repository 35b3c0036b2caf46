"use strict";
// Sorts and filters the table of students. It reads what is in the page and knows of nobody.
(() => {
  const table = document.getElementById("table"), body = table.tBodies[0], rows = [...body.rows];
  const find = document.getElementById("find"), show = document.getElementById("show");
  const shown = document.getElementById("shown"), form = document.getElementById("controls");
  const words = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  const key = (row, column, kind) =>
    kind === "number" ? Number(row.cells[column].dataset.value) : row.cells[column].textContent.trim();

  function sort(header, column) {
    const kind = header.dataset.kind, was = header.getAttribute("aria-sort");
    const first = kind === "number" ? "descending" : "ascending";
    const second = first === "ascending" ? "descending" : "ascending";
    const now = was === first ? second : first, sign = now === "ascending" ? 1 : -1;
    for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", now);
    const compare = kind === "number" ? (a, b) => a - b : words.compare;
    rows.sort((a, b) => sign * compare(key(a, column, kind), key(b, column, kind)));
    body.append(...rows);
  }

  function filter() {
    const wanted = find.value.trim().toLocaleLowerCase();
    let count = 0;
    for (const row of rows) {
      const flagged = !show.value || row.dataset.flags.split(" ").includes(show.value);
      row.hidden = !(flagged && row.textContent.toLocaleLowerCase().includes(wanted));
      count += !row.hidden;
    }
    shown.textContent = count === rows.length ? `${count} in all` : `${count} of ${rows.length}`;
  }

  for (const [column, header] of [...table.tHead.rows[0].cells].entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    button.addEventListener("click", () => sort(header, column));
    header.replaceChildren(button);
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  find.addEventListener("input", filter);
  show.addEventListener("change", filter);
  form.hidden = false;
  filter();
})();
