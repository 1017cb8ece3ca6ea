// Requests of htmx: what runs is shown, what fails can be tried again, and nothing that was typed is lost.

import { byId, say, words } from "./tell.js";

const CARD = 'id="card"'; // an answer that holds a card says what is wrong on it
const buttons = (form) => [...form.querySelectorAll("button"), ...document.querySelectorAll(`button[form="${form.id}"]`)];

let again = null; // repeats what failed last
let where = null; // the element that it would have changed

function trouble(text, repeat, target) {
  again = repeat;
  where = target ?? null;
  byId("trouble-text").textContent = text;
  byId("trouble-again").hidden = !repeat;
  byId("trouble").hidden = false;
}

export function calm() {
  byId("trouble").hidden = true;
}

// How what a target shows is fetched once more; a form is sent again with what stands in it by now.
const repeats = new Map();
export const repeatWith = (id, act) => repeats.set(id, act);
const repeatOf = ({ elt, target }) => (elt.requestSubmit ? () => elt.requestSubmit() : repeats.get(target?.id));

export function failed(status, repeat, target) {
  const text = status === 401 ? words.signedOut : status ? words.refused.replace("{status}", status) : words.unreached;
  trouble(text, repeat, target);
}

// Only what failed, or what takes its place, is an end of the trouble: a list that renews itself is not.
const mends = (target) => !where?.isConnected || target.id === where.id || target.contains(where);

byId("trouble-again")?.addEventListener("click", () => {
  calm();
  again?.();
});
byId("trouble-hide")?.addEventListener("click", calm);

document.addEventListener("htmx:configRequest", ({ detail }) => (detail.headers.Accept = "text/html"));

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  detail.target?.setAttribute("aria-busy", "true");
  if (detail.elt.tagName === "FORM") buttons(detail.elt).forEach((b) => (b.disabled = true));
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  detail.target?.removeAttribute("aria-busy");
  if (detail.elt.tagName === "FORM") buttons(detail.elt).forEach((b) => (b.disabled = false));
  if (detail.successful && mends(detail.target)) calm();
});

// A refusal (409, 422, 403) comes as the card as it stands, with the reason on it and what was typed.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const onCard = detail.target.id === "card" || detail.target.id === "pane";
  const isCard = detail.serverResponse.includes(CARD);
  if (onCard && detail.xhr.status >= 400 && isCard) {
    detail.shouldSwap = true;
    detail.isError = false;
  } else if (onCard && detail.xhr.status < 400 && !isCard) {
    detail.shouldSwap = false; // a page of another kind, e.g. to sign in
    location.assign(detail.xhr.responseURL);
  }
});

document.addEventListener("htmx:responseError", ({ detail }) => failed(detail.xhr.status, repeatOf(detail), detail.target));
document.addEventListener("htmx:sendError", ({ detail }) => failed(0, repeatOf(detail), detail.target));

// Forms without htmx are sent once.
document.addEventListener("submit", (event) => {
  if (event.target.method === "post" && !event.target.hasAttribute("hx-post"))
    setTimeout(() => buttons(event.target).forEach((b) => (b.disabled = true)));
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // from the browser's memory: it may be long decided
});

// What became of it is said aloud.
document.addEventListener("htmx:afterSettle", () => {
  const notice = document.querySelector("#card [data-say]");
  if (notice && !notice.dataset.told) {
    notice.dataset.told = "yes";
    say(notice.textContent);
  }
});
