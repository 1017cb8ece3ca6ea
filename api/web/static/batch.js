// A batch on a card: what is ticked of it, and that a part is a decision of its own.

import { byId } from "./tell.js";

const boxes = () => [...document.querySelectorAll("input[form=part]")];

function count() {
  const all = boxes();
  if (!all.length) return;
  const ticked = all.filter((box) => box.checked).length;
  const details = byId("part-details"), summary = byId("part-summary");
  summary.textContent = summary.dataset.words.replace("{ticked}", ticked).replace("{left}", all.length - ticked);
  details.hidden = !(ticked > 0 && ticked < all.length);
  for (const id of ["approve-button", "bar-approve"]) if (byId(id)) byId(id).disabled = ticked < all.length;
}

document.addEventListener("change", (event) => {
  if (event.target.getAttribute("form") !== "part") return;
  count();
  byId("part-details").open = true;
});
document.addEventListener("htmx:afterSettle", count);
count();
