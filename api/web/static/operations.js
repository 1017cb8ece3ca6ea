// How things stand now: says when that is not now any more. What is typed is not swept away: the reader loads
// the page again.
const stale = document.getElementById("stale");
const lost = document.getElementById("lost");

const live = new EventSource("/v1/live");
for (const change of ["proposal", "missed"]) live.addEventListener(change, () => { stale.hidden = false; });
live.addEventListener("open", () => { lost.hidden = true; });
live.addEventListener("error", () => { lost.hidden = false; });
addEventListener("pagehide", () => live.close());
