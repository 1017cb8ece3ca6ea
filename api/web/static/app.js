// What every page does: keys, and hearing of changes as they happen.

const page = document.body.dataset.page;
const byId = (id) => document.getElementById(id);

// --- keys
const lines = () => [...document.querySelectorAll(".line .title")];

function step(by) {
  const all = lines();
  if (!all.length) return;
  const at = all.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1);
  all[next].focus();
  all[next].closest(".line").scrollIntoView({ block: "nearest" });
}

function open(detailsId, inputId) {
  const details = byId(detailsId);
  if (!details) return;
  details.open = true;
  byId(inputId).focus();
}

const keys = {
  j: () => step(1),
  k: () => step(-1),
  a: () => (byId("approve-reason") ?? byId("approve-button"))?.focus(),
  r: () => open("reject-details", "reject-reason"),
  q: () => open("ask-details", "ask-question"),
  e: () => byId("edit-link")?.click(),
  u: () => location.assign("/inbox"),
  "/": () => (byId("say") ? byId("say").focus() : location.assign("/chat")),
  "?": () => byId("keys")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

// --- a batch: what is ticked, and what it is worth
const boxes = [...document.querySelectorAll("input[form=part]")];

function countTicked() {
  const ticked = boxes.filter((box) => box.checked).length;
  const some = ticked > 0 && ticked < boxes.length;
  byId("part-summary").textContent = `Approve ${ticked}, leave out ${boxes.length - ticked}`;
  byId("part-details").hidden = !some;
  byId("approve-button").disabled = ticked < boxes.length;
}

if (boxes.length) {
  boxes.forEach((box) => box.addEventListener("change", () => {
    countTicked();
    byId("part-details").open = true;
  }));
  countTicked();
}

// --- a form is sent once
document.addEventListener("submit", (event) => {
  if (event.target.method === "post") setTimeout(() => event.target.querySelectorAll("button").forEach((b) => (b.disabled = true)));
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // from the browser's memory: it may be long decided
});

// --- changes as they happen
function refreshQueue() {
  const focused = document.activeElement?.id;
  if (focused?.startsWith("filter-")) return;
  htmx.ajax("GET", location.pathname + location.search, { target: "#queue", swap: "outerHTML" })
    .then(() => focused && byId(focused)?.focus());
}

function proposalChanged(change) {
  const card = document.body.dataset;
  if (change && change.proposal_id !== card.proposal) return;
  const known = change && ["version", "state", "turns"].every((name) => String(change[name]) === card[name]);
  if (known && change.state === "pending") return;
  const typing = [...document.querySelectorAll("textarea")].some((area) => area.value !== area.defaultValue);
  if (typing) byId("stale").hidden = false;
  else htmx.ajax("GET", `/proposals/${card.proposal}`, { target: "#card", swap: "outerHTML", select: "#card" })
    .then(() => change && Object.assign(document.body.dataset, { version: change.version, state: change.state, turns: change.turns }));
}

let waiting;
const soon = (act) => { clearTimeout(waiting); waiting = setTimeout(act, 150); };

if (page === "inbox" || page === "proposal") {
  const live = new EventSource("/v1/live");
  live.addEventListener("proposal", (event) => soon(() => (page === "inbox" ? refreshQueue() : proposalChanged(JSON.parse(event.data)))));
  live.addEventListener("missed", () => soon(() => (page === "inbox" ? refreshQueue() : proposalChanged(null))));
  addEventListener("pagehide", () => live.close());
}
