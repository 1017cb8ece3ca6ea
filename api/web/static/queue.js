// The list of proposals and the card beside it: moving, opening, choosing, and what follows a decision.

import { repeatWith } from "./requests.js";
import { byId, say, words } from "./tell.js";

const wide = matchMedia("(min-width: 1100px)");
const pane = () => byId("pane");

export const titles = () => [...document.querySelectorAll("#queue .line .title")].filter((title) => title.checkVisibility());
export const idOf = (title) => title.id.slice(2);
export const titleOf = (id) => byId(`p-${id}`);
export const current = () => titles().find((title) => title === document.activeElement) ?? titleOf(openedId());
export const openedId = () => document.querySelector("#pane #card")?.dataset.proposal;
export const card = () => byId("card");

function go(title) {
  title.focus();
  title.closest(".line").scrollIntoView({ block: "nearest" });
}

export function step(by) {
  const all = titles();
  if (!all.length) return;
  const at = all.indexOf(current());
  go(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)]);
}

// --- opening: beside the list where there is room, else as a page of its own
export function open(title) {
  if (!title) return;
  if (!wide.matches || !pane()) return location.assign(title.href);
  const id = idOf(title);
  pane().hidden = false;
  mark(id);
  repeatWith("pane", () => open(titleOf(id)));
  return htmx
    .ajax("GET", `/proposals/${id}`, { source: "#pane", target: "#pane", swap: "innerHTML", select: "#card" })
    .then(() => {
      if (openedId() !== id) return;
      history.replaceState(null, "", `#${id}`);
      pane().scrollTop = 0;
      document.querySelector("#pane h1").focus({ preventScroll: true });
    });
}

export function close() {
  const id = openedId();
  if (!pane() || pane().hidden) return false;
  pane().hidden = true;
  pane().replaceChildren();
  history.replaceState(null, "", location.pathname + location.search);
  mark(null);
  (titleOf(id) ?? titles()[0])?.focus();
  return true;
}

function mark(id) {
  document.querySelectorAll("#queue [aria-current=true].title").forEach((title) => title.removeAttribute("aria-current"));
  titleOf(id)?.setAttribute("aria-current", "true");
}

document.addEventListener("click", (event) => {
  const title = event.target.closest("#queue .line .title");
  if (title && wide.matches && pane() && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
    event.preventDefault();
    open(title);
  }
  if (event.target.closest("#pane-close")) close();
});

// --- the list as it is now
export function refresh() {
  repeatWith("queue", refresh);
  return htmx.ajax("GET", location.pathname + location.search, { source: "#queue", target: "#queue", swap: "outerHTML" });
}

// What was chosen stays chosen, where it still waits.
let chosenBefore = [];
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.id === "queue") chosenBefore = picked().map((box) => box.value);
});
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target?.id !== "queue" && detail.elt?.id !== "queue") return;
  boxes().forEach((box) => (box.checked = chosenBefore.includes(box.value)));
  countPicked();
  mark(openedId());
});

// After a decision beside the list: on to the next line, which is not opened by itself. What is signed was opened.
let decided = null;
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (!byId("queue") || detail.requestConfig.verb !== "post" || !detail.elt.closest?.("#pane")) return;
  const id = openedId();
  decided = { id, at: Math.max(titles().findIndex((title) => idOf(title) === id), 0) };
});
document.addEventListener("htmx:afterSettle", async ({ detail }) => {
  if (!decided || detail.requestConfig?.verb !== "post" || !byId("queue")) return;
  const { id, at } = decided, told = document.querySelector("#card [data-say=done] strong");
  decided = null;
  if (!told) return;
  await refresh();
  const others = titles().filter((title) => idOf(title) !== id); // the list may still be the one before
  const title = others[Math.min(at, others.length - 1)];
  if (title) go(title);
  else byId("queue").querySelector(".empty")?.focus();
  say(`${told.textContent} ${title ? words.next.replace("{title}", title.textContent) : words.cleared}`);
});

// --- choosing several
const boxes = () => [...document.querySelectorAll("#queue .pick input")];
const picked = () => boxes().filter((box) => box.checked);
const boxOf = (title) => title?.closest(".line").querySelector(".pick input");
let last = null; // chosen or unchosen by hand: where a range begins

function countPicked() {
  const count = picked().length, bar = byId("picked");
  if (!bar) return;
  bar.hidden = !count;
  byId("picked-count").textContent = count;
}

export function pick(title) {
  const box = boxOf(title);
  if (!box) return;
  box.checked = !box.checked;
  last = box;
  countPicked();
  say((box.checked ? words.picked : words.unpicked).replace("{title}", title.textContent).replace("{count}", picked().length));
}

export function pickTo(title) {
  const all = boxes(), to = boxOf(title);
  if (!to) return;
  const [from, until] = [Math.max(all.indexOf(last), 0), all.indexOf(to)].sort((a, b) => a - b);
  all.slice(from, until + 1).forEach((box) => (box.checked = true));
  last = to;
  countPicked();
  say(words.pickedSome.replace("{count}", picked().length));
}

export function unpickAll() {
  const any = picked().length > 0;
  boxes().forEach((box) => (box.checked = false));
  countPicked();
  return any;
}

// What is chosen, or all that is like the line at hand, on one page.
export function together() {
  if (!byId("queue")) return;
  if (picked().length) return byId("chosen").requestSubmit();
  const title = current();
  if (!title) return;
  location.assign(title.closest("li[data-alike]")?.dataset.alike ?? `/inbox/together?p=${idOf(title)}`);
}

document.addEventListener("change", (event) => {
  if (!event.target.closest(".pick")) return;
  last = event.target;
  countPicked();
});
byId("queue") && countPicked();

// --- where one was: an address with a card in it opens that card; other pages lead back to this list
if (byId("queue")) {
  sessionStorage.setItem("inbox", location.pathname + location.search);
  document.addEventListener("htmx:pushedIntoHistory", () => sessionStorage.setItem("inbox", location.pathname + location.search));
  const asked = location.hash.slice(1);
  if (asked && wide.matches) open(titleOf(asked));
}
export const back = () => location.assign(sessionStorage.getItem("inbox") ?? "/inbox");

