// What every page does; each idea is a module of its own.

import "./requests.js";
import "./queue.js";
import "./keys.js";
import "./batch.js";
import "./live.js";

// A link to a field that is folded away unfolds it.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-unfold]");
  if (!link) return;
  event.preventDefault();
  document.getElementById(link.dataset.unfold).open = true;
  document.querySelector(link.hash).focus();
});
