// Finds rows by words and by group. The page is whole without it: the form shows only where this runs.
"use strict";
for (const form of document.querySelectorAll("form.finder")) {
  const rows = [...form.parentElement.querySelectorAll("details.row")].map((row) => ({
    row,
    words: row.textContent.toLowerCase(),
    groups: JSON.parse(row.dataset.groups),
    flipped: "flipped" in row.dataset,
  }));
  const find = () => {
    const { words, flips, ...groups } = Object.fromEntries(new FormData(form));
    const wanted = words.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const one of rows) {
      const fits =
        wanted.every((word) => one.words.includes(word)) &&
        Object.entries(groups).every(([name, value]) => !value || one.groups[name] === value) &&
        (!flips || one.flipped);
      one.row.hidden = !fits;
      shown += fits;
    }
    form.querySelector("output").textContent = `${shown} of ${rows.length} rows`;
  };
  form.hidden = false;
  form.addEventListener("input", find);
  form.addEventListener("submit", (event) => event.preventDefault());
  find();
}
