// A conversation: sends what is said, shows the turn as it happens, and ends with the message as the server
// draws it.

const messages = document.getElementById("messages");
const composer = document.getElementById("composer");
const say = document.getElementById("say");
const csrf = document.querySelector("meta[name=csrf]").content;

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

// Hidden characters are spelled out, as on the server's pages.
const visible = (text) =>
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
    (c) => `⟦U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟧`);

const post = (path, body, headers = {}) =>
  fetch(path, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf, ...headers }, body: JSON.stringify(body) });

async function thread() {
  if (!messages.dataset.thread) {
    const reply = await post("/v1/threads", {});
    if (!reply.ok) throw await reply.json();
    messages.dataset.thread = (await reply.json()).thread_id;
    history.replaceState(null, "", `/chat/${messages.dataset.thread}`);
  }
  return messages.dataset.thread;
}

async function* events(reply) {
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const data = part.split("\n").filter((l) => l.startsWith("data: ")).map((l) => l.slice(6)).join("\n");
      if (data) yield JSON.parse(data);
    }
  }
}

function bubble(author, name) {
  const made = element("article", `message ${author}`);
  made.append(element("p", "from", name));
  const said = element("div", "said text");
  made.append(said);
  messages.append(made);
  return said;
}

const TOOLS = { read: "Looking it up", propose: "Proposing" };
const toolName = (name) => `${name.startsWith("propose") ? TOOLS.propose : TOOLS.read}: ${name.replaceAll("_", " ")}`;

async function turn(text) {
  document.getElementById("welcome")?.remove();
  const question = bubble("person", "You");
  question.textContent = visible(text);
  const said = bubble("copilot", "Chargehand");
  const doing = element("ul", "doing");
  said.before(doing);
  question.parentElement.scrollIntoView({ block: "start" });
  said.setAttribute("aria-busy", "true");
  try {
    const id = await thread();
    const reply = await post(`/v1/threads/${id}/turns`, { text }, { Accept: "text/event-stream" });
    if (!reply.ok) throw await reply.json();
    for await (const event of events(reply)) {
      if (event.event === "tool_started") doing.append(element("li", "", toolName(event.tool)));
      else if (event.event === "tool_finished") doing.lastElementChild.className = event.outcome;
      else if (event.event === "remark") said.before(element("p", "remark", visible(event.text)));
      else if (event.event === "text_delta") said.append(visible(event.text));
      else if (event.event === "failed") throw event.problem;
      else await drawn(id, event.message_id, said.parentElement);
    }
  } catch (problem) {
    const sentence = problem.detail ?? "The connection broke off. What was said is kept: load the page again.";
    const notice = element("div", "notice bad", sentence);
    notice.setAttribute("role", "alert");
    said.after(notice);
  }
  said.removeAttribute("aria-busy");
}

async function drawn(threadId, messageId, instead) {
  const reply = await fetch(`/chat/${threadId}/messages/${messageId}`);
  if (!reply.ok) return;
  const parsed = new DOMParser().parseFromString(await reply.text(), "text/html");
  const article = parsed.querySelector("article");
  instead.querySelectorAll(".doing, .remark").forEach((kept) => article.querySelector(".said").before(kept));
  instead.replaceWith(article);
}

async function submit(text) {
  if (!text.trim() || composer.querySelector("button").disabled) return;
  composer.querySelector("button").disabled = true;
  say.value = "";
  await turn(text);
  composer.querySelector("button").disabled = false;
  say.focus();
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  submit(say.value);
});
say.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    composer.requestSubmit();
  }
});
messages.addEventListener("click", (event) => {
  if (event.target.matches(".sample")) submit(event.target.textContent);
});
[...messages.querySelectorAll(".person")].at(-1)?.scrollIntoView({ block: "start" });
