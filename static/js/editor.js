/* Writing a clause: a variable goes where the caret is; the condition shows when there is one. Without this, a button
   puts the variable at the end of the text, and the condition is always there. */
"use strict";

(() => {
  const form = document.querySelector("[data-editor]");
  const button = form.querySelector("[data-insert]");
  const field = form.querySelector("[data-insert-name]");
  const text = document.getElementById(button.dataset.insert);
  const voice = document.querySelector("[data-voice]");
  const known = new Map();
  for (const option of field.list.options) {
    known.set(option.value, option.value);
    if (!known.has(option.textContent.toLowerCase())) known.set(option.textContent.toLowerCase(), option.value);
  }
  button.textContent = button.dataset.insertHere;

  const insert = (event) => {
    event.preventDefault();
    const asked = field.value.trim();
    const name = known.get(asked) || known.get(asked.toLowerCase());
    if (!name) {
      field.focus();
      voice.textContent = button.dataset.insertUnknown;
      field.setCustomValidity(button.dataset.insertUnknown);
      field.reportValidity();
      return;
    }
    text.focus();
    const before = text.value.slice(0, text.selectionStart);
    const gap = /[\p{L}\d:;,.!?»)\]]$/u.test(before) ? " " : ""; // the blank at the end is not kept when a text is saved
    text.setRangeText(`${gap}[[${name}]]`, text.selectionStart, text.selectionEnd, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
    field.value = "";
    voice.textContent = button.dataset.insertDone;
  };
  button.addEventListener("click", insert);
  field.addEventListener("input", () => field.setCustomValidity(""));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") insert(event);
  });

  const condition = form.querySelector("[data-condition]");
  const show = () => { condition.hidden = form.elements.presence.value !== "condition"; };
  form.addEventListener("change", show);
  show();
})();
