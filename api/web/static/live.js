// Changes as they happen. Nothing takes the focus away, and what is shown says so when it may be old.

import { byId, say, words } from "./tell.js";
import * as queue from "./queue.js";

const PATIENCE_MS = 5_000; // a stream ends every few minutes and comes back by itself: no news until then
const RETRY_MS = [2_000, 5_000, 15_000, 30_000];

// --- what changed
function listChanged(changes) {
  if (document.activeElement?.closest("#queue .filters, #queue .saving")) return; // it is being used
  const line = changes.map((change) => change && queue.titleOf(change.proposal_id)).find((title) => title?.closest(".line").contains(document.activeElement));
  const change = line && changes.find((c) => c?.proposal_id === queue.idOf(line));
  if (change && byId("queue").dataset.box === "mine" && !change.waits_for_me) return settle(line, change);
  queue.refresh();
}

// The line at hand does not vanish under the hands: it says what became of it, until one goes on.
function settle(title, change) {
  const line = title.closest(".line");
  line.classList.add("settled");
  line.querySelector(".left").textContent = JSON.parse(byId("queue").dataset.states)[change.state];
  say(words.settled.replace("{title}", title.textContent));
  line.addEventListener("focusout", () => setTimeout(() => queue.refresh()), { once: true });
}

const MARKS = ["version", "state", "turns"];
const same = (one, other) => MARKS.every((name) => String(one[name]) === String(other[name]));
const typingIn = (card) => [...card.querySelectorAll("textarea, input:not([type=hidden], [type=checkbox])")].some((field) => field.value !== field.defaultValue);

function stale() {
  byId("stale").hidden = false;
  say(byId("stale").textContent);
}

function cardChanged(changes) {
  const card = queue.card();
  if (!card) return;
  const change = changes.find((c) => !c || c.proposal_id === card.dataset.proposal);
  if (change === undefined) return;
  if (card.closest("[aria-busy=true]")) return changed(change); // its own answer comes first
  const known = change && same(change, card.dataset);
  if (known && change.state === "pending") return;
  if (change && typingIn(card)) return stale();
  if (!known) redraw(card.dataset.proposal);
}

// What is unfolded stays unfolded, and the focus where it is. What was typed while this asked is not swept away.
async function redraw(id) {
  let page;
  try {
    const answer = await fetch(`/proposals/${id}`, { headers: { Accept: "text/html" } });
    if (!answer.ok) return; // what is pressed next says why
    page = await answer.text();
  } catch {
    return; // the strip says that the connection is lost
  }
  const card = queue.card(), fresh = new DOMParser().parseFromString(page, "text/html").getElementById("card");
  if (card?.dataset.proposal !== id || !fresh || same(fresh.dataset, card.dataset)) return;
  if (card.closest("[aria-busy=true]")) return changed(null);
  if (typingIn(card)) return stale();
  const focus = card.contains(document.activeElement) ? document.activeElement.id || "card-title" : "";
  const unfolded = [...card.querySelectorAll("details[open][id]")].map((details) => details.id);
  htmx.swap("#card", page, { swapStyle: "outerHTML" }, { select: "#card" });
  unfolded.forEach((details) => byId(details)?.setAttribute("open", ""));
  if (focus && document.activeElement === document.body) (byId(focus) ?? byId("card-title"))?.focus({ preventScroll: true });
  say(words.cardChanged.replace("{state}", document.querySelector("#card .state")?.textContent ?? ""));
}

let heard = [], waiting;
function changed(change) {
  heard.push(change);
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const changes = heard;
    heard = [];
    if (byId("queue")) listChanged(changes);
    cardChanged(changes);
  }, 150);
}

// --- the connection
let stream, lostAt = null, tries = 0, worry, retry;

function lost() {
  lostAt ??= new Date();
  worry ??= setTimeout(() => {
    const at = lostAt.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", timeZone: document.body.dataset.zone });
    byId("connection-text").textContent = words.lost.replace("{at}", at);
    byId("connection").hidden = false;
    say(byId("connection-text").textContent);
  }, PATIENCE_MS);
  if (stream.readyState !== EventSource.CLOSED) return; // it tries again by itself
  clearTimeout(retry);
  retry = setTimeout(connect, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
}

function found() {
  clearTimeout(worry);
  if (!byId("connection").hidden) say(words.found);
  byId("connection").hidden = true;
  if (lostAt) changed(null); // something may have been missed
  [lostAt, worry, tries] = [null, undefined, 0];
}

function connect() {
  stream?.close();
  stream = new EventSource("/v1/live");
  stream.addEventListener("hello", found);
  stream.addEventListener("proposal", (event) => changed(JSON.parse(event.data)));
  stream.addEventListener("missed", () => changed(null));
  stream.addEventListener("error", lost);
}

if (byId("queue") || byId("card")) {
  connect();
  byId("connection-now").addEventListener("click", connect);
  addEventListener("online", () => lostAt && connect());
  addEventListener("offline", () => lost());
  addEventListener("pagehide", () => stream.close());
}
