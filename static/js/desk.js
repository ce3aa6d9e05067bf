/* The curators' desk by keyboard: J next, K previous, P the main decision, N the note, Z undo. Never while typing, and
   not at all for who turned single keys off (a voice or a tremor presses them by accident). */
"use strict";

(() => {
  const OFF = "moderation-sans-raccourcis";
  const help = document.querySelector("[data-keys-help]");
  const choice = document.querySelector("[data-keys]");
  const read = () => { try { return localStorage.getItem(OFF); } catch { return null; } };
  help.hidden = false;
  choice.checked = !read();
  choice.addEventListener("change", () => {
    try {
      if (choice.checked) localStorage.removeItem(OFF);
      else localStorage.setItem(OFF, "1");
    } catch { /* a browser that keeps nothing: until the next page */ }
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) {
      if (event.key === "Escape") document.querySelector("#h-f").focus();
      return;
    }
    if (!choice.checked) return;
    const press = (selector) => document.querySelector(selector)?.click();
    switch (event.key.toLowerCase()) {
      case "j": press("[data-next]"); break;
      case "k": press("[data-previous]"); break;
      case "p": press("[data-main]"); break;
      case "z": press("[data-undo]"); break;
      case "n": event.preventDefault(); document.querySelector("#note")?.focus(); break;
    }
  });

  // After a decision: before the next item, told what was done and how many are left.
  if (location.hash !== "#h-f") return;
  const title = document.querySelector("#h-f");
  document.querySelector(".queue [aria-current]")?.scrollIntoView({ block: "nearest" });
  title.focus();
  const told = [...document.querySelectorAll("[data-said]"), document.querySelector("[data-left]")];
  setTimeout(() => {
    document.querySelector("[data-voice]").textContent = told.filter(Boolean).map((n) => n.textContent.trim()).join(" ");
  }, 200);
})();
