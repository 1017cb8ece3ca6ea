// Keys. One key never decides: `a` goes to the button, and only Enter on it signs. Off in fields, while a key is held
// down, and for who turned them off (WCAG 2.1.4).

import { byId, say, words } from "./tell.js";
import * as queue from "./queue.js";

const OFF = "keys-off";
const on = () => localStorage.getItem(OFF) === null;
const shown = (...ids) => ids.map(byId).find((found) => found?.checkVisibility());

// On the card that is open; without one a key says what is missing.
const onCard = (act) => () => {
  const card = queue.card() ?? byId("decide"); // several together have one place to decide
  if (!card || card.closest("[aria-busy=true]")) return say(words.openFirst);
  if (act() === false) say(words.notYours);
};

function unfold(detailsId, inputId) {
  const details = byId(detailsId);
  if (!details || details.hidden) return false;
  details.open = true;
  byId(inputId).focus();
  byId(inputId).scrollIntoView({ block: "nearest" });
}

function toApprove() {
  const target = shown("approve-reason", "approve-kind", "bar-approve", "approve-button");
  if (!target || target.disabled) return unfold("part-details", "part-reason");
  target.focus();
  say(words.approveArmed);
}

function toPart() {
  const boxes = [...document.querySelectorAll("input[form=part]")];
  if (!boxes.length) return false;
  if (boxes.every((box) => box.checked)) boxes[0].focus();
  else return unfold("part-details", "part-reason");
}

function toSearch() {
  const field = byId("filter-text") ?? byId("say") ?? byId("subject");
  if (field) field.focus();
  else location.assign("/inbox?box=all#filter-text");
}

function follow(id) {
  if (!byId(id)) return false;
  byId(id).click();
}

const keys = {
  j: () => queue.step(1),
  k: () => queue.step(-1),
  o: () => queue.open(queue.current()),
  x: () => queue.pick(queue.current()),
  X: () => queue.pickTo(queue.current()),
  b: () => queue.together(),
  u: () => queue.close() || queue.back(),
  a: onCard(toApprove),
  r: onCard(() => unfold("reject-details", "reject-reason")),
  e: onCard(() => follow("edit-link")),
  p: onCard(toPart),
  q: onCard(() => unfold("ask-details", "ask-question")),
  h: onCard(() => follow("hand-over-link")),
  "/": toSearch,
  "?": () => byId("keys")?.showModal(),
};
const places = { i: () => queue.back(), c: () => location.assign("/chat"), n: () => location.assign("/news") };

let going = 0; // until when a key after `g` says where to

function typed(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
  if (event.key === "Escape") event.target.blur();
}

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]") || event.defaultPrevented) return;
  if (event.target.closest("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])")) return typed(event);
  if (event.key === "Escape") return queue.unpickAll() || queue.close();
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat && !"jk".includes(event.key)) return;
  const inList = event.target === document.body || event.target.closest("#queue .line");
  if (event.key.startsWith("Arrow") && inList && ["ArrowDown", "ArrowUp"].includes(event.key) && queue.titles().length) {
    event.preventDefault();
    return queue.step(event.key === "ArrowDown" ? 1 : -1);
  }
  if (!on()) return;
  const act = Date.now() < going ? places[event.key] : keys[event.key];
  going = event.key === "g" ? Date.now() + 1500 : 0;
  if (!act) return;
  event.preventDefault();
  act();
});

// --- the list of keys, and turning them off
const choice = byId("keys-on");
if (choice) {
  choice.checked = on();
  choice.addEventListener("change", () => (choice.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "yes")));
}
const button = byId("keys-button");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => byId("keys").showModal());
}
