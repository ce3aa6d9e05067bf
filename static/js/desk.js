/* The curators' desk by keyboard: J next, K previous, P the main decision, N the note. Never while typing. */
"use strict";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const press = (selector) => document.querySelector(selector)?.click();
  switch (event.key.toLowerCase()) {
    case "j": press("[data-next]"); break;
    case "k": press("[data-previous]"); break;
    case "p": press("[data-main]"); break;
    case "n": event.preventDefault(); document.querySelector("#note")?.focus(); break;
  }
});
