// Opens dialogs and copies codes. Everything here also works, with page loads, where scripts are off.
"use strict";

function show(dialog) {
  dialog.showModal();
  // A code is shown once: closing the dialog takes it out of the page.
  dialog.addEventListener("close", () => { if (dialog.hasAttribute("data-show")) dialog.remove(); });
  dialog.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = !navigator.clipboard; });
}

document.addEventListener("htmx:afterSwap", () => {
  document.querySelectorAll("dialog[data-show]:not([open])").forEach(show);
});

document.addEventListener("htmx:responseError", (event) => {
  const slot = document.getElementById("dialog-slot");
  const failed = document.querySelector("[data-failed]");
  if (slot && failed) slot.textContent = failed.dataset.failed;
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    event.preventDefault();
    document.getElementById(opener.dataset.dialog).showModal();
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
