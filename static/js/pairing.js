// Opens dialogs and copies codes. Everything here also works, with page loads, where scripts are off.
"use strict";

let opener = null;

// A code is shown once. Closing takes it out of the page, so it asks first, and only a button closes it for good.
function show(dialog) {
  const question = dialog.querySelector("[data-question]");
  const actions = dialog.querySelector("[data-actions]");
  const code = dialog.querySelector("#code-shown");
  let isForGood = false;

  const ask = (is) => {
    question.hidden = !is;
    actions.hidden = is;
    if (is) question.querySelector("button").focus();
    else code.focus();
  };
  const onLeaving = (event) => event.preventDefault();

  dialog.querySelector("[data-ask]").addEventListener("click", () => ask(true));
  dialog.querySelector("[data-not-yet]").addEventListener("click", () => ask(false));
  dialog.querySelector("[data-for-good]").addEventListener("click", () => {
    isForGood = true;
    dialog.close();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    ask(question.hidden);
  });
  // The gesture of a phone that means back.
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    ask(true);
  });
  dialog.addEventListener("close", () => {
    if (!isForGood) {
      dialog.showModal();
      ask(true);
      return;
    }
    window.removeEventListener("beforeunload", onLeaving);
    dialog.remove();
    opener?.focus();
  });
  window.addEventListener("beforeunload", onLeaving);
  dialog.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = !navigator.clipboard; });
  dialog.showModal();
  code.focus();
}

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target?.id === "dialog-slot") opener = event.detail.elt.querySelector("button");
});

// Not before htmx has settled the page: it focuses what is marked `autofocus` once more then.
document.addEventListener("htmx:afterSettle", () => {
  document.querySelectorAll("dialog[data-show]:not([open])").forEach(show);
});

["htmx:responseError", "htmx:sendError"].forEach((name) => document.addEventListener(name, () => {
  const slot = document.getElementById("dialog-slot");
  if (!slot) return;
  const said = document.createElement("p");
  said.className = "errors";
  said.setAttribute("role", "alert");
  said.textContent = slot.dataset.failed;
  slot.replaceChildren(said);
}));

document.addEventListener("click", (event) => {
  const opens = event.target.closest("[data-dialog]");
  if (opens) {
    event.preventDefault();
    document.getElementById(opens.dataset.dialog).showModal();
    return;
  }
  const closer = event.target.closest("[data-close]");
  if (closer) {
    closer.closest("dialog").close();
    return;
  }
  const button = event.target.closest("[data-copy]");
  if (button) {
    const text = document.querySelector(button.dataset.copy).textContent;
    navigator.clipboard.writeText(text).then(() => {
      button.textContent = button.dataset.copied;
      button.parentElement.querySelector("[data-copy-status]").textContent = button.dataset.copied;
    });
  }
});
