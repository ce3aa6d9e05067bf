/* What JavaScript adds, and only adds: lists filter without reload, printing is one press away. */
"use strict";

document.documentElement.classList.add("js");

// Filters: on a wide screen a change is sent at once; on a phone the sheet has its button.
document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (!form || !form.matches("[data-filters]")) return;
  const sheetOpen = form.matches(":popover-open");
  if (!sheetOpen && event.target.name !== "q") form.requestSubmit();
});

// Addresses stay short: what is empty, or the default, is not sent.
document.addEventListener("htmx:configRequest", (event) => {
  const sent = event.detail.formData || new FormData();
  for (const name of [...new Set(sent.keys())]) {
    if (sent.getAll(name).every((value) => value === "")) sent.delete(name);
  }
});

// What changed is told to those who can't see it.
document.addEventListener("htmx:afterSettle", () => {
  const count = document.querySelector("[data-count]");
  const voice = document.querySelector("[data-voice]");
  if (count && voice) voice.textContent = count.textContent;
  showPrint();
});

function showPrint() {
  for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;
}
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
showPrint();
