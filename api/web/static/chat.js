// A conversation: sends what is said, shows the turn as it happens, and ends with the message as the server
// draws it. A turn goes on when nobody listens: what was missed is fetched.
import { element, events, visible } from "./stream.js";

const messages = document.getElementById("messages");
const composer = document.getElementById("composer");
const say = document.getElementById("say");
const send = document.getElementById("send");
const stop = document.getElementById("stop");
const words = document.getElementById("words").dataset;
const tools = JSON.parse(words.tools);
const csrf = document.querySelector("meta[name=csrf]").content;

const FOLLOW_MS = 2_000;
const FOLLOW_TIMES = 90; // as long as a turn may take
let listening = null; // to a turn: its AbortController

const post = (path, body, headers = {}, signal = undefined) =>
  fetch(path, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf, ...headers }, body: JSON.stringify(body), signal });

async function thread() {
  if (!messages.dataset.thread) {
    const reply = await post("/v1/threads", {});
    if (!reply.ok) throw await reply.json();
    messages.dataset.thread = (await reply.json()).thread_id;
    history.replaceState(null, "", `/chat/${messages.dataset.thread}`);
  }
  return messages.dataset.thread;
}

// --- what is shown
function bubble(author, name) {
  const made = element("article", `message ${author}`);
  made.append(element("p", "from", name), element("div", "said text"));
  messages.append(made);
  return made;
}

const short = (value) => {
  const text = Array.isArray(value) ? value.map(short).join(", ") : typeof value === "object" && value ? Object.values(value).join(" ") : String(value);
  return visible(text.length > 70 ? `${text.slice(0, 67)}...` : text);
};
const inWords = (given) =>
  Object.entries(given).filter(([, v]) => v !== null && v !== "" && !(Array.isArray(v) && !v.length))
    .map(([name, v]) => `${name.replaceAll("_", " ")} ${short(v)}`).join(", ");

// The turn's steps, and what goes on now with the time it takes.
function progress(article) {
  const doing = element("ul", "doing");
  const now = element("p", "working", words.thinking);
  const elapsed = element("span", "elapsed");
  elapsed.setAttribute("aria-hidden", "true");
  article.querySelector(".said").before(doing, now);
  now.append(elapsed);
  const began = Date.now();
  const ticking = setInterval(() => { elapsed.textContent = ` ${Math.round((Date.now() - began) / 1000)} s`; }, 1000);
  const goesOn = (text) => { now.firstChild.data = text; };
  return {
    started(event) {
      const step = element("li", "", tools[event.tool] ?? event.tool.replaceAll("_", " "));
      const given = inWords(event.arguments);
      if (given) step.append(element("span", "given", given));
      doing.append(step);
      goesOn(step.firstChild.data);
    },
    finished(event) {
      const step = doing.lastElementChild;
      step.className = event.outcome;
      step.append(element("span", "took", event.milliseconds < 1000 ? `${event.milliseconds} ms` : `${(event.milliseconds / 1000).toFixed(1)} s`));
      goesOn(words.wording);
    },
    end() { clearInterval(ticking); now.remove(); },
  };
}

function tell(after, text, kind, again) {
  const notice = element("div", `notice ${kind}`, text);
  notice.setAttribute("role", kind === "bad" ? "alert" : "status");
  if (again) {
    const button = element("button", "again", words.again);
    button.type = "button";
    button.addEventListener("click", () => { notice.remove(); submit(again); });
    notice.append(" ", button);
  }
  after.after(notice);
  return notice;
}

async function drawn(messageId, instead = null) {
  const reply = await fetch(`/chat/${messages.dataset.thread}/messages/${messageId}`);
  if (!reply.ok) return;
  const article = new DOMParser().parseFromString(await reply.text(), "text/html").querySelector("article");
  instead?.querySelectorAll(".doing, .remark").forEach((kept) => article.querySelector(".said").before(kept));
  if (instead) instead.replaceWith(article);
  else messages.append(article);
  htmx.process(article);
}

// --- a turn
async function turn(text) {
  document.getElementById("welcome")?.remove();
  const asked = bubble("person", words.you);
  asked.querySelector(".said").textContent = visible(text);
  asked.dataset.text = text;
  const answer = bubble("copilot", "Chargehand");
  const said = answer.querySelector(".said");
  const steps = progress(answer);
  asked.scrollIntoView({ block: "start" });
  answer.setAttribute("aria-busy", "true");
  listening = new AbortController();
  let accepted = false;
  try {
    const id = await thread();
    const reply = await post(`/v1/threads/${id}/turns`, { text }, { Accept: "text/event-stream" }, listening.signal);
    if (!reply.ok) throw await reply.json();
    accepted = true;
    for await (const event of events(reply)) {
      if (event.event === "tool_started") steps.started(event);
      else if (event.event === "tool_finished") steps.finished(event);
      else if (event.event === "remark") said.before(element("p", "remark", visible(event.text)));
      else if (event.event === "text_delta") said.append(visible(event.text));
      else if (event.event === "failed") throw event.problem;
      else return await drawn(event.message_id, answer);
    }
    throw new TypeError("the stream ended before the turn");
  } catch (problem) {
    await broken(problem, { accepted, text, asked, answer });
  } finally {
    steps.end();
    answer.removeAttribute("aria-busy");
    listening = null;
  }
}

async function broken(problem, { accepted, text, asked, answer }) {
  if (problem.status && accepted) {
    tell(answer.querySelector(".said"), problem.detail, "bad", text);
  } else if (problem.status) { // it was refused: the words go back to where they were typed
    answer.remove();
    asked.replaceWith(tell(asked, problem.detail, "bad"));
    say.value = say.value || text;
  } else if (accepted || await heard(text)) {
    follow(answer, text, problem.name === "AbortError" ? words.stopped : words.lost);
  } else {
    answer.remove();
    asked.replaceWith(tell(asked, words.unsent, "bad"));
    say.value = say.value || text;
  }
}

// --- what was missed
async function kept() {
  if (!messages.dataset.thread) return [];
  try {
    const reply = await fetch(`/v1/threads/${messages.dataset.thread}/messages?limit=20`);
    return reply.ok ? await reply.json() : [];
  } catch { return []; }
}

const heard = async (text) => (await kept()).findLast((m) => m.author === "person")?.text === text.trim();

// Draw what the conversation holds and the page does not; whether the copilot said something since.
async function catchUp(waiting = null) {
  let answered = false;
  const all = await kept();
  const last = all.findLastIndex((m) => m.author === "person");
  for (const [at, message] of all.entries()) {
    const told = message.message_id < 0; // of a proposal, not an answer
    if (document.getElementById(`m-${message.message_id}`)) {
      answered ||= at > last && !told;
    } else if (message.author === "person") {
      const shown = [...messages.querySelectorAll(".person:not([id])")].find((a) => (a.dataset.text ?? "").trim() === message.text);
      if (shown) shown.id = `m-${message.message_id}`;
      else await drawn(message.message_id);
    } else if (at > last && waiting && !told) {
      await drawn(message.message_id, waiting);
      answered = true;
    } else if (!listening || told) {
      await drawn(message.message_id);
    }
  }
  return answered;
}

async function follow(answer, text, why) {
  const notice = tell(answer.querySelector(".said"), why, "");
  answer.scrollIntoView({ block: "nearest" });
  for (let n = 0; n < FOLLOW_TIMES; n++) {
    if (!listening && await catchUp(answer)) return notice.remove();
    if (!answer.isConnected) return;
    await new Promise((done) => setTimeout(done, FOLLOW_MS));
  }
  notice.remove();
  tell(answer.querySelector(".said"), words.nothing, "bad", text);
}

async function proposalChanged({ proposal_id: id }) {
  const shown = messages.querySelectorAll(`.brief[data-proposal="${id}"]`);
  if (!shown.length) return;
  const reply = await fetch(`/chat/proposals/${id}`);
  if (reply.ok) {
    const html = await reply.text();
    shown.forEach((brief) => brief.replaceWith(new DOMParser().parseFromString(html, "text/html").querySelector(".brief")));
  }
  if (!listening) await catchUp();
}

const live = new EventSource("/v1/live");
live.addEventListener("proposal", (event) => proposalChanged(JSON.parse(event.data)));
live.addEventListener("missed", () => messages.querySelectorAll(".brief").forEach((b) => proposalChanged({ proposal_id: b.dataset.proposal })));
addEventListener("pagehide", () => live.close());

// --- what is typed
const draft = () => `draft ${messages.dataset.thread}`;

async function submit(text) {
  if (!text.trim() || listening) return;
  const typed = say.value;
  say.value = typed === text ? "" : typed;
  sessionStorage.removeItem(draft());
  [send.hidden, stop.hidden] = [true, false];
  await turn(text);
  [send.hidden, stop.hidden] = [false, true];
  say.focus();
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  submit(say.value);
});
say.addEventListener("input", () => sessionStorage.setItem(draft(), say.value));
say.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    composer.requestSubmit();
  } else if (event.key === "ArrowUp" && !say.value) {
    const last = [...messages.querySelectorAll(".person")].at(-1);
    if (!last) return;
    event.preventDefault();
    say.value = last.dataset.text ?? last.querySelector(".said").textContent;
  } else if (event.key === "Escape") {
    listening?.abort();
  }
});
stop.addEventListener("click", () => listening?.abort());
messages.addEventListener("click", (event) => {
  if (event.target.matches(".sample")) submit(event.target.textContent);
});

say.value = say.value || sessionStorage.getItem(draft()) || "";
const last = messages.lastElementChild;
if (location.hash) document.querySelector(location.hash)?.scrollIntoView({ block: "start" });
else [...messages.querySelectorAll(".person")].at(-1)?.scrollIntoView({ block: "start" });
if (last?.matches(".person")) follow(bubble("copilot", "Chargehand"), last.querySelector(".said").textContent, words.unanswered);
