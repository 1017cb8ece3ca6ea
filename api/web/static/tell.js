// What pages say aloud: to screen readers in a live region, and the words of scripts, which templates hold.

export const byId = (id) => document.getElementById(id);
export const words = { ...byId("words")?.dataset };

// Emptied first: the same words twice are said twice.
export function say(text) {
  const region = byId("said");
  if (!region || !text) return;
  region.textContent = "";
  setTimeout(() => (region.textContent = text.replace(/\s+/g, " ").trim()), 50);
}
