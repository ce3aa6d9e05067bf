/* Keeps what is being typed: a few seconds after the last key, the form's fields go to the server.
   <form data-draft="key" data-draft-url="…"> … <p data-draft-state role="status"></p> */
"use strict";

for (const form of document.querySelectorAll("form[data-draft]")) {
  const state = document.querySelector("[data-draft-state]");
  let timer = 0;
  let flight = null;
  let sent = "";

  const fields = () => {
    const data = {};
    for (const [name, value] of new FormData(form)) {
      if (typeof value !== "string" || name === "csrfmiddlewaretoken" || name === "once") continue;
      (data[name] ||= []).push(value);
    }
    return data;
  };

  const send = async (last) => {
    clearTimeout(timer);
    const body = JSON.stringify({ key: form.dataset.draft, data: fields() });
    if (body === sent) return;
    flight?.abort();
    flight = new AbortController();
    try {
      const answer = await fetch(form.dataset.draftUrl, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
        body,
        keepalive: last && body.length < 60000,
        signal: flight.signal,
      });
      if (answer.ok) {
        sent = body;
        say(form.dataset.draftKept);
      } else if (answer.status === 401 || answer.status === 403) {
        say(form.dataset.draftOver);
      }
    } catch {
      /* no network: the next key tries again */
    }
  };

  const say = (words) => {
    if (state && state.textContent !== words) state.textContent = words;
  };

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(send, 2500);
  };
  sent = JSON.stringify({ key: form.dataset.draft, data: fields() });
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && !form.dataset.sending) send(true);
  });
  form.addEventListener("submit", () => {
    form.dataset.sending = "1";
    clearTimeout(timer);
    flight?.abort();
  });
  window.addEventListener("pageshow", () => delete form.dataset.sending);
}

// Long lists of checkboxes: a field that narrows them, and how many are checked.
for (const field of document.querySelectorAll("[data-narrow]")) {
  const list = document.getElementById(field.dataset.narrow);
  if (!list) continue;
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  field.closest("[hidden]")?.removeAttribute("hidden");
  field.addEventListener("input", () => {
    const wanted = plain(field.value.trim());
    for (const item of list.children) {
      item.hidden = wanted !== "" && !plain(item.textContent).includes(wanted) && !item.querySelector(":checked");
    }
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}
