// Sorts a table by the column whose heading is pressed. Without scripts it is in the order of the file.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  const value = (row, at) => row.cells[at].dataset.sort ?? row.cells[at].textContent;
  heads.forEach((head, at) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.ariaSort === "descending";
      const numbers = [...body.rows].every(row => value(row, at) !== "" && isFinite(value(row, at)));
      const order = (a, b) => (numbers ? a - b : a.localeCompare(b, "en", { numeric: true }));
      const rows = [...body.rows].sort((a, b) => order(value(a, at), value(b, at)) * (down ? 1 : -1));
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.ariaSort = down ? "ascending" : "descending";
      body.append(...rows);
    });
  });
}
