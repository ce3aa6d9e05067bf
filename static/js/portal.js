/* What JavaScript adds, and only adds: lists filter without reload, printing is one press away. */
"use strict";

document.documentElement.classList.add("js");

// Filters: on a wide screen a change is sent at once (a list waits for the arrow keys to rest); on a phone the sheet
// has its button.
let resting;
document.addEventListener("change", (event) => {
  const field = event.target;
  if (!field.form || !field.form.matches("[data-filters]") || field.name === "q") return;
  if (field.form.matches(":popover-open")) return;
  clearTimeout(resting);
  const send = () => document.querySelector("[data-filters]").requestSubmit();
  if (field.matches("select")) resting = setTimeout(send, 400);
  else send();
});

// A refused form opens on what is wrong with it.
document.querySelector("[data-errors]")?.focus();

// Addresses stay short: what is empty, or the default, is not sent.
document.addEventListener("htmx:configRequest", (event) => {
  const sent = event.detail.formData || new FormData();
  for (const name of [...new Set(sent.keys())]) {
    if (sent.getAll(name).every((value) => value === "")) sent.delete(name);
  }
});

// What changed is told to those who can't see it; who pressed a button that is gone stands before the results.
document.addEventListener("htmx:afterSettle", () => {
  const count = document.querySelector("[data-count]");
  const voice = document.querySelector("[data-voice]");
  if (count && voice) voice.textContent = count.textContent;
  if (count && document.activeElement === document.body) {
    count.tabIndex = -1;
    count.focus();
  }
  showPrint();
});

// Dates are typed; the browser's own calendar is there for who prefers to choose.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-pick]");
  if (!button) return;
  const field = document.getElementById(button.dataset.pick);
  const calendar = document.createElement("input");
  calendar.type = "date";
  calendar.className = "picker";
  calendar.tabIndex = -1;
  calendar.setAttribute("aria-hidden", "true");
  calendar.value = field.value;
  button.parentElement.querySelector(".picker")?.remove();
  button.after(calendar);
  calendar.addEventListener("change", (chosen) => {
    chosen.stopPropagation();
    field.value = calendar.value;
    calendar.remove();
    field.focus();
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
  calendar.showPicker();
});

function showPrint() {
  for (const button of document.querySelectorAll("[data-print], [data-copy]")) button.hidden = false;
}
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
// An address shown once: a press takes it along, and the button says so.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    button.textContent = button.dataset.done;
  } catch {
    // the address stays selected: Ctrl-C takes it
  }
});
showPrint();
